#include "gateway/server/surface.hpp"

namespace llmops::gateway {

const Surface* surface_at(std::string_view path) {
  for (const Surface* surface : {&chat_surface(), &completions_surface(), &embeddings_surface()})
    if (surface->path() == path) return surface;
  return nullptr;
}

}  // namespace llmops::gateway
