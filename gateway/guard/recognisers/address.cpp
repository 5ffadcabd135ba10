#include "gateway/guard/recognisers/korean_regions.hpp"
#include "gateway/guard/recognisers/recogniser.hpp"

namespace llmops::guard {
namespace {

double weigh_full(const Value&) {
  return 0.8;
}
double weigh_without_province(const Value&) {
  return 0.65;
}

}  // namespace

// Province, city or district, perhaps a town, then a road (…로, …길) or a quarter (…동, …리) and a number,
// perhaps with building, unit and floor.
Family address_family() {
  const std::string city = std::string("(?:") + std::string(kCities) + "|" + std::string(kCounties) + "|" +
                           std::string(kDistricts) + ")";
  const std::string town = "(?: ?[가-힣]{1,5}[읍면동리](?:[0-9]가)?)?";
  const std::string road = " ?[가-힣0-9]{1,9}(?:로|길)(?: ?[0-9]{1,4}번?[가나다라]?길)? ?";
  const std::string quarter = " ?[가-힣0-9]{1,6}(?:동|리|가|읍|면) (?:산 ?)?";
  const std::string number = "[0-9]{1,4}(?:-[0-9]{1,4})?";
  const std::string unit =
      "(?:번지)?(?:,? ?[가-힣A-Z]{0,8}(?:아파트|빌라|빌딩|타워|오피스텔|마을))?(?:,? ?[0-9]{1,4}동)?(?:,? "
      "?[0-9]{1,5}호)?"
      "(?:,? ?(?:지하 ?)?[0-9]{1,3}층)?";
  const std::string place = town + "(?:" + road + "|" + quarter + ")" + number + unit;
  const std::string province = "(?:" + std::string(kProvinces) + ")";
  const auto address = [](double (*weigh)(const Value&)) {
    return std::vector<Reading>{{api::PiiEntity::Address, Subject::Address, weigh}};
  };
  return {{
      {province + "(?: ?" + city + "){1,2}" + place + "|세종(?:특별자치시|시)?" + place, Edges::Code,
       address(weigh_full)},
      {city + "(?: ?" + city + ")?" + place, Edges::Code, address(weigh_without_province)},
  }};
}

}  // namespace llmops::guard
