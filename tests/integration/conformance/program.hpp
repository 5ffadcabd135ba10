// Random programs over the verbs of kube::Client: what the operator can say to an API server.
//
// An operation names versions and UIDs as "the one last seen", so that the same program can be played
// against two servers that give other ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "operator/kube/resource.hpp"

namespace llmops::conformance {

enum class Verb { Create, Get, List, Replace, ReplaceStatus, GetScale, ReplaceScale, Remove, Watch };
// Of what was last seen of this object: its own, the one before (or one from long ago), none.
enum class Known { Last, Old, None };
enum class Edit { Nothing, Label, NoLabel, Annotation, Content, Finalizer, NoFinalizer, Owner };

struct Operation {
  Verb verb = Verb::Get;
  const kube::ResourceType* type = nullptr;
  int ns = 0;    // which of the two namespaces; of a list or watch 2: all
  int name = 0;  // "a" or "b"
  Known version = Known::Last, uid = Known::Last;
  Edit edit = Edit::Nothing;
  int value = 0;           // of the edit: 0, 1 or 2
  int selector = 0;        // of a list or watch: a number into selectors()
  int limit = 0;           // of a list: items a page; 0: none
  std::uint64_t mark = 0;  // of a watch: from the version of which earlier answer
  std::string to_string() const;
};

struct Selectors {
  std::string labels, fields;
};
// Every one but those with fields matches an object with the label x=v0.
const std::vector<Selectors>& selectors();

std::string object_name(int name);

struct Program {
  std::uint64_t seed = 0;
  std::vector<Operation> operations;
};

// The same seed makes the same program, on every machine.
Program make_program(std::uint64_t seed);

}  // namespace llmops::conformance
