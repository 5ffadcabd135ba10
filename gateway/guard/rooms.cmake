# The rooms of the guard; each lists its own sources.
include("${CMAKE_CURRENT_LIST_DIR}/../schema/room.cmake" OPTIONAL)
foreach(room text refusal pattern recognisers rules stream engine)
  include("${CMAKE_CURRENT_LIST_DIR}/${room}/room.cmake" OPTIONAL)
endforeach()
