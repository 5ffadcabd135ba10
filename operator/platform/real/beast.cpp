// The compiled part of Beast, of which we use the message parser (BOOST_BEAST_SEPARATE_COMPILATION).
#include <boost/beast/src.hpp>
