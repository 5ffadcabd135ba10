#include "crds/base/time.hpp"

#include <charconv>
#include <cstdint>
#include <cstdio>

namespace llmops {
namespace {

using namespace std::chrono;

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  if (at + count > text.size()) return false;
  const auto [end, code] = std::from_chars(text.data() + at, text.data() + at + count, out);
  return code == std::errc{} && end == text.data() + at + count && text[at] != '-';
}

std::string date_and_seconds(Timestamp time) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return buffer;
}

Error bad_time(std::string_view text) {
  return Error{ErrorCode::InvalidArgument, "found \"" + std::string(text.substr(0, 40)) +
                                               "\", allowed an RFC 3339 time such as 2026-11-21T09:00:00Z"};
}

}  // namespace

std::string format_timestamp(Timestamp time) {
  std::string text = date_and_seconds(time);
  const auto fraction = (time - floor<seconds>(time)).count();
  if (fraction != 0) {
    char buffer[8];
    std::snprintf(buffer, sizeof buffer, ".%03d", static_cast<int>(fraction));
    text += buffer;
  }
  return text + "Z";
}

std::string format_micro_time(Timestamp time) {
  char buffer[12];
  std::snprintf(buffer, sizeof buffer, ".%03d000Z", static_cast<int>((time - floor<seconds>(time)).count()));
  return date_and_seconds(time) + buffer;
}

Result<Timestamp> parse_timestamp(std::string_view text) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  if (text.size() < 20 || !digits(text, 0, 4, y) || text[4] != '-' || !digits(text, 5, 2, mo) ||
      text[7] != '-' || !digits(text, 8, 2, d) || (text[10] != 'T' && text[10] != 't') ||
      !digits(text, 11, 2, h) || text[13] != ':' || !digits(text, 14, 2, mi) || text[16] != ':' ||
      !digits(text, 17, 2, s))
    return bad_time(text);
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  if (!date.ok() || h > 23 || mi > 59 || s > 60) return bad_time(text);
  std::size_t at = 19;
  std::int64_t millis = 0;
  if (at < text.size() && text[at] == '.') {
    int scale = 100;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      millis += (text[at] - '0') * scale;
  }
  minutes offset{0};
  if (at + 1 == text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else {
    int oh = 0, om = 0;
    if (at + 6 != text.size() || (text[at] != '+' && text[at] != '-') || !digits(text, at + 1, 2, oh) ||
        text[at + 3] != ':' || !digits(text, at + 4, 2, om))
      return bad_time(text);
    offset = hours(oh) + minutes(om);
    if (text[at] == '-') offset = -offset;
  }
  return Timestamp(sys_days(date) + hours(h) + minutes(mi) + seconds(s) + milliseconds(millis) - offset);
}

std::string format_duration(Duration duration) {
  std::int64_t ms = duration.count();
  if (ms == 0) return "0s";
  std::string text = ms < 0 ? "-" : "";
  if (ms < 0) ms = -ms;
  const std::int64_t h = ms / 3'600'000, m = ms / 60'000 % 60, s = ms / 1000 % 60;
  ms %= 1000;
  if (h) text += std::to_string(h) + "h";
  if (m) text += std::to_string(m) + "m";
  if (s) text += std::to_string(s) + "s";
  if (ms) text += std::to_string(ms) + "ms";
  return text;
}

Result<Duration> parse_duration(std::string_view text) {
  const Error bad{ErrorCode::InvalidArgument, "found \"" + std::string(text.substr(0, 40)) +
                                                  "\", allowed a duration such as 500ms, 30s, 10m or 1h30m"};
  if (text.empty()) return bad;
  std::int64_t total = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::int64_t amount = 0;
    const auto [end, code] = std::from_chars(text.data() + at, text.data() + text.size(), amount);
    if (code != std::errc{} || text[at] == '-' || amount > 1'000'000'000) return bad;
    at = static_cast<std::size_t>(end - text.data());
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("ms")) {
      total += amount;
      at += 2;
    } else if (rest.starts_with("s")) {
      total += amount * 1000;
      at += 1;
    } else if (rest.starts_with("m")) {
      total += amount * 60'000;
      at += 1;
    } else if (rest.starts_with("h")) {
      total += amount * 3'600'000;
      at += 1;
    } else
      return bad;
  }
  return Duration(total);
}

std::string humanize(Duration duration) {
  const std::int64_t s = duration.count() / 1000;
  if (s < 0) return "0s";
  if (s < 1) return std::to_string(duration.count()) + "ms";
  if (s < 60) return std::to_string(s) + "s";
  if (s < 600) return std::to_string(s / 60) + "m " + std::to_string(s % 60) + "s";
  if (s < 3600) return std::to_string(s / 60) + " min";
  if (s < 86'400) return std::to_string(s / 3600) + "h " + std::to_string(s / 60 % 60) + "m";
  return std::to_string(s / 86'400) + "d " + std::to_string(s / 3600 % 24) + "h";
}

}  // namespace llmops
