// The coroutine type of everything that waits.
//
// A Task runs on the one thread of its Env. Nothing outside operator/platform/ names an executor, a timer
// or a socket: code awaits Tasks, and the same code runs on real sockets and in the simulation.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace llmops {

template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace llmops
