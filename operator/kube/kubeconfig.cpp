#include "operator/kube/kubeconfig.hpp"

#include <yaml-cpp/yaml.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

namespace llmops::kube {
namespace {

constexpr std::size_t kMaxFileBytes = 4u << 20;

struct Entry {
  YAML::Node body;
  std::string file;  // where it was read: paths in it are relative to that folder
};

struct Merged {
  std::map<std::string, Entry> clusters, contexts, users;
  std::string current_context;
};

Error invalid(const std::string& file, const std::string& what) {
  return Error{ErrorCode::InvalidArgument, "kubeconfig " + file + ": " + what};
}

std::string scalar(const YAML::Node& node, const char* name) {
  if (!node || !node.IsMap()) return {};
  const YAML::Node value = node[name];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

bool truth(const YAML::Node& node, const char* name) {
  return scalar(node, name) == "true";
}

void merge_section(const YAML::Node& root, const char* section, const char* body, const std::string& file,
                   std::map<std::string, Entry>& into) {
  const YAML::Node list = root[section];
  if (!list || !list.IsSequence()) return;
  for (const auto& item : list) {
    const std::string name = scalar(item, "name");
    if (!name.empty() && item[body] && item[body].IsMap()) into.try_emplace(name, Entry{item[body], file});
  }
}

Result<void> merge_file(const std::string& path, Merged& merged) {
  const Result<std::string> text = read_file(path);
  if (!text.ok()) return text.error();
  try {
    const YAML::Node root = YAML::Load(*text);
    if (root.IsNull()) return Result<void>();
    if (!root.IsMap()) return invalid(path, "found no mapping, allowed a Config document");
    merge_section(root, "clusters", "cluster", path, merged.clusters);
    merge_section(root, "contexts", "context", path, merged.contexts);
    merge_section(root, "users", "user", path, merged.users);
    if (merged.current_context.empty()) merged.current_context = scalar(root, "current-context");
  } catch (const YAML::Exception& problem) {
    return invalid(path, problem.what());
  }
  return Result<void>();
}

std::string resolve(const Entry& entry, const std::string& path) {
  const std::filesystem::path given(path);
  return given.is_absolute() ? path : (std::filesystem::path(entry.file).parent_path() / given).string();
}

// The PEM text of "<field>-data" (base64) or of the file that "<field>" names; empty when neither is there.
Result<std::string> pem_of(const Entry& entry, const std::string& field) {
  const std::string data = scalar(entry.body, (field + "-data").c_str());
  if (!data.empty()) {
    Result<std::string> decoded = decode_base64(data);
    if (!decoded.ok()) return invalid(entry.file, field + "-data: found no base64, allowed base64 of PEM");
    return decoded;
  }
  const std::string path = scalar(entry.body, field.c_str());
  if (path.empty()) return std::string();
  return read_file(resolve(entry, path));
}

std::string trimmed(std::string text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Result<void> read_cluster(const Entry& cluster, ClientConfig& config, TlsClient& tls, bool& secure) {
  const std::string server = scalar(cluster.body, "server");
  const Result<bool> https = parse_server_url(server, config);
  if (!https.ok()) return with_context(https.error(), "kubeconfig " + cluster.file + ": server");
  secure = *https;
  Result<std::string> authority = pem_of(cluster, "certificate-authority");
  if (!authority.ok()) return authority.error();
  tls.ca_pem = std::move(*authority);
  tls.server_name = scalar(cluster.body, "tls-server-name");
  tls.insecure_skip_verify = truth(cluster.body, "insecure-skip-tls-verify");
  return Result<void>();
}

Result<void> read_user(const Entry& user, TlsClient& tls, std::string& token, std::string& token_file) {
  for (const char* program : {"exec", "auth-provider"}) {
    if (user.body[program])
      return invalid(user.file, std::string("users: found ") + program +
                                    ", allowed token, tokenFile or a client certificate");
  }
  Result<std::string> certificate = pem_of(user, "client-certificate");
  if (!certificate.ok()) return certificate.error();
  Result<std::string> key = pem_of(user, "client-key");
  if (!key.ok()) return key.error();
  if (certificate->empty() != key->empty())
    return invalid(user.file, "users: client-certificate and client-key: found one, allowed both or none");
  tls.certificate_pem = std::move(*certificate);
  tls.key_pem = std::move(*key);
  token = trimmed(scalar(user.body, "token"));
  const std::string file = scalar(user.body, "tokenFile");
  if (!file.empty()) token_file = resolve(user, file);
  return Result<void>();
}

// A token file that cannot be read for a moment must not end the session: the last token goes on.
struct TokenFile {
  std::string path;
  std::string last;

  Result<std::string> read() {
    const Result<std::string> text = read_file(path);
    const std::string token = text.ok() ? trimmed(*text) : std::string();
    if (!token.empty()) last = token;
    if (last.empty()) return Error{ErrorCode::Unauthorized, "kubeconfig: no token in " + path};
    return last;
  }
};

Result<Entry> find_entry(const std::map<std::string, Entry>& entries, const std::string& name,
                         const char* what) {
  const auto it = entries.find(name);
  if (it != entries.end()) return it->second;
  std::string known;
  for (const auto& [other, entry] : entries) known += (known.empty() ? "" : ", ") + other;
  return Error{ErrorCode::NotFound, std::string("kubeconfig: ") + what + ": found \"" + name +
                                        "\", allowed " +
                                        (known.empty() ? "none (the files name none)" : known)};
}

Result<Merged> merge_files(const std::vector<std::string>& paths) {
  Merged merged;
  bool any = false;
  for (const auto& path : paths) {
    if (!std::filesystem::exists(path)) continue;
    any = true;
    const Result<void> read = merge_file(path, merged);
    if (!read.ok()) return read.error();
  }
  if (any) return merged;
  std::string looked;
  for (const auto& path : paths) looked += (looked.empty() ? "" : ", ") + path;
  return Error{ErrorCode::NotFound, "kubeconfig: no file found; looked for " + looked};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::NotFound, "cannot read " + path};
  std::string text;
  std::array<char, 1 << 16> chunk{};
  while (file.read(chunk.data(), chunk.size()) || file.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMaxFileBytes) return Error{ErrorCode::TooLarge, path + " is larger than 4 MiB"};
  }
  return text;
}

std::string encode_base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = ((bits << 8) | static_cast<unsigned char>(c)) & 0xFFFFFF;
    for (count += 8; count >= 6;) text += kAlphabet[(bits >> (count -= 6)) & 63];
  }
  if (count > 0) text += kAlphabet[(bits << (6 - count)) & 63];
  while (text.size() % 4 != 0) text += '=';
  return text;
}

Result<std::string> decode_base64(std::string_view text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  bool padded = false;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=') {
      padded = true;
      continue;
    }
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos || padded) return Error{ErrorCode::InvalidArgument, "not base64"};
    bits = (bits << 6) | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xFF);
  }
  if (count >= 6) return Error{ErrorCode::InvalidArgument, "not base64: cut short"};
  return out;
}

Result<bool> parse_server_url(std::string_view url, ClientConfig& into) {
  const bool https = url.substr(0, 8) == "https://";
  if (!https && url.substr(0, 7) != "http://")
    return Error{ErrorCode::InvalidArgument,
                 "found \"" + std::string(url) + "\", allowed https://host[:port][/path]"};
  std::string_view rest = url.substr(https ? 8 : 7);
  const auto slash = rest.find('/');
  into.path_prefix = slash == std::string_view::npos ? "" : std::string(rest.substr(slash));
  while (!into.path_prefix.empty() && into.path_prefix.back() == '/') into.path_prefix.pop_back();
  std::string_view authority = rest.substr(0, slash);
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const auto end = authority.find(']');
    if (end == std::string_view::npos)
      return Error{ErrorCode::InvalidArgument,
                   "found an open \"[\" in \"" + std::string(url) + "\", allowed [IPv6]"};
    into.host = std::string(authority.substr(1, end - 1));
    if (authority.substr(end + 1, 1) == ":") port = authority.substr(end + 2);
  } else {
    const auto colon = authority.rfind(':');
    into.host = std::string(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  unsigned number = https ? 443 : 80;
  if (!port.empty()) {
    const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (code != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65'535)
      return Error{ErrorCode::InvalidArgument,
                   "port: found \"" + std::string(port) + "\", allowed 1 to 65535"};
  }
  if (into.host.empty())
    return Error{ErrorCode::InvalidArgument,
                 "found no host in \"" + std::string(url) + "\", allowed https://host[:port]"};
  into.port = static_cast<std::uint16_t>(number);
  return https;
}

Result<std::vector<std::string>> contexts_of_kubeconfig_files(const std::vector<std::string>& paths) {
  const Result<Merged> merged = merge_files(paths);
  if (!merged.ok()) return merged.error();
  std::vector<std::string> names;
  for (const auto& [name, entry] : merged->contexts) names.push_back(name);
  return names;
}

Result<ClientConfig> load_kubeconfig_files(const std::vector<std::string>& paths, std::string_view context) {
  const Result<Merged> read = merge_files(paths);
  if (!read.ok()) return read.error();
  const Merged& merged = *read;
  const std::string name = context.empty() ? merged.current_context : std::string(context);
  if (name.empty())
    return Error{ErrorCode::NotFound, "kubeconfig: current-context is not set; name a context"};

  const Result<Entry> chosen = find_entry(merged.contexts, name, "contexts");
  if (!chosen.ok()) return chosen.error();
  const Result<Entry> cluster = find_entry(merged.clusters, scalar(chosen->body, "cluster"), "clusters");
  if (!cluster.ok()) return cluster.error();

  ClientConfig config;
  TlsClient tls;
  bool secure = true;
  const Result<void> cluster_read = read_cluster(*cluster, config, tls, secure);
  if (!cluster_read.ok()) return cluster_read.error();
  const std::string ns = scalar(chosen->body, "namespace");
  if (!ns.empty()) config.default_namespace = ns;

  auto token_file = std::make_shared<TokenFile>();
  std::string token;
  const std::string user_name = scalar(chosen->body, "user");
  if (!user_name.empty()) {
    const Result<Entry> user = find_entry(merged.users, user_name, "users");
    if (!user.ok()) return user.error();
    const Result<void> user_read = read_user(*user, tls, token, token_file->path);
    if (!user_read.ok()) return user_read.error();
  }
  Credentials fixed;
  fixed.bearer_token = token;
  if (secure) fixed.tls = std::make_shared<const TlsClient>(std::move(tls));
  config.credentials = [fixed, token_file]() -> Result<Credentials> {
    Credentials current = fixed;
    if (token_file->path.empty()) return current;
    Result<std::string> read = token_file->read();
    if (!read.ok()) return read.error();
    current.bearer_token = std::move(*read);
    return current;
  };
  return config;
}

std::vector<std::string> kubeconfig_paths() {
  std::vector<std::string> paths;
  const char* listed = std::getenv("KUBECONFIG");
  const char* home = std::getenv("HOME");
  if (listed && *listed) {
    std::istringstream list(listed);
    for (std::string path; std::getline(list, path, ':');) {
      if (!path.empty()) paths.push_back(path);
    }
  } else if (home) {
    paths.push_back(std::string(home) + "/.kube/config");
  }
  return paths;
}

Result<ClientConfig> load_kubeconfig(std::string_view context) {
  return load_kubeconfig_files(kubeconfig_paths(), context);
}

}  // namespace llmops::kube
