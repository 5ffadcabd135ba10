// kubeconfig files: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/client.hpp"

namespace llmops::kube {

// Merges the files (those that do not exist are passed over): of two entries of one name the first wins, and
// so does the first current-context. Paths inside a file are relative to that file. Data beats a file of the
// same field; tokenFile beats token and is read again before every request. exec and auth-provider entries
// are refused by name: a kubeconfig never runs a program here.
// Errors: NotFound (no file, no such context, cluster or user), InvalidArgument (what is wrong, in which
// file).
Result<ClientConfig> load_kubeconfig_files(const std::vector<std::string>& paths,
                                           std::string_view context = {});

// Those of $KUBECONFIG, else ~/.kube/config, whether they exist or not.
std::vector<std::string> kubeconfig_paths();

// The names of the contexts that the merged files have. Errors as above.
Result<std::vector<std::string>> contexts_of_kubeconfig_files(const std::vector<std::string>& paths);

// Base64 (RFC 4648 §4), white space ignored.
Result<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

// The whole file; NotFound when it cannot be read, TooLarge beyond 4 MiB.
Result<std::string> read_file(const std::string& path);

// "https://host:6443/prefix" into host, port, path_prefix; returns whether it is https.
Result<bool> parse_server_url(std::string_view url, ClientConfig& into);

}  // namespace llmops::kube
