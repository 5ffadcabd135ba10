"""Makers of the values that the lines carry. Every maker takes a random.Random and returns a string.

Check digits are computed here on their own: nothing is shared with the recognisers under test.
"""
import base64
import json
import string

UPPER_ALNUM = string.ascii_uppercase + string.digits
ALNUM = string.ascii_letters + string.digits


def digits(r, n, first=string.digits):
    return r.choice(first) + "".join(r.choice(string.digits) for _ in range(n - 1))


def pick(r, alphabet, n):
    return "".join(r.choice(alphabet) for _ in range(n))


def layout(r, *groups, first=string.digits, sep="-"):
    return sep.join(digits(r, n, first if i == 0 else string.digits) for i, n in enumerate(groups))


# Korea

def date6(r, low, high):
    return f"{r.randint(low, high) % 100:02d}{r.randint(1, 12):02d}{r.randint(1, 28):02d}"


def rrn_check(body, offset=11):
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    return str((offset - sum(int(d) * w for d, w in zip(body, weights)) % 11) % 10)


def resident(r, first_digits, low, high, valid=True, offset=11):
    body = date6(r, low, high) + r.choice(first_digits) + f"{r.randint(0, 95):02d}" + digits(r, 3)
    check = rrn_check(body, offset)
    return body + (check if valid else str((int(check) + r.randint(1, 9)) % 10))


def dashed13(value):
    return value[:6] + "-" + value[6:]


def rrn(r): return dashed13(rrn_plain(r))
def rrn_plain(r): return resident(r, "12", 1940, 1999) if r.random() < 0.8 else resident(r, "34", 2000, 2019)
def rrn_new(r): return dashed13(resident(r, "34", 2021, 2025, valid=False))
def rrn_reissued(r): return dashed13(resident(r, "12", 1950, 1999, valid=False))
def rrn_space(r): return rrn(r).replace("-", " ")
def rrn_wide_dash(r): return rrn(r).replace("-", r.choice([" - ", "–"]))
def frn(r): return dashed13(frn_plain(r))
def frn_plain(r): return resident(r, "56", 1950, 1999, offset=13)
def frn_young(r): return dashed13(resident(r, "78", 2000, 2015, offset=13))
def frn_reissued(r): return dashed13(resident(r, "56", 1960, 1999, valid=False, offset=13))
def passport(r): return r.choice("MMMMSR") + digits(r, 8)
def passport_new(r): return "M" + digits(r, 3) + r.choice(string.ascii_uppercase) + digits(r, 4)
def passport_lower(r): return passport_new(r).lower()
def licence(r): return f"{r.choice([11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28])}-" + layout(r, 2, 6, 2)
def licence_plain(r): return licence(r).replace("-", "")
def licence_region(r): return r.choice(["서울", "부산", "경기", "대구", "인천"]) + " " + layout(r, 2, 6, 2)


def business_plain(r):
    body = digits(r, 9, "123456")
    keys = (1, 3, 7, 1, 3, 7, 1, 3, 5)
    total = sum(int(d) * k for d, k in zip(body, keys)) + int(body[8]) * 5 // 10
    return body + str((10 - total % 10) % 10)


def business(r):
    value = business_plain(r)
    return f"{value[:3]}-{value[3:5]}-{value[5:]}"


def business_wrong(r):
    value = business(r)
    return value[:-1] + str((int(value[-1]) + r.randint(1, 9)) % 10)


def corporate_plain(r):
    body = r.choice(["1101", "1301", "1201", "1801", "2001"]) + r.choice(["11", "11", "21"]) + "0" + digits(r, 5)
    total = sum(int(d) * (1 + i % 2) for i, d in enumerate(body))
    return body + str((10 - total % 10) % 10)


def corporate(r): return dashed13(corporate_plain(r))
def bank_kb(r): return layout(r, 6, 2, 6, first="123456789")
def bank_shinhan(r): return "110-" + layout(r, 3, 6)
def bank_woori(r): return "1002-" + layout(r, 3, 6)
def bank_hana(r): return layout(r, 3, 6, 5, first="12346789")
def bank_nh(r): return "30" + r.choice("12") + "-" + layout(r, 4, 4, 2)
def bank_ibk(r): return layout(r, 3, 6, 2, 3, first="0123456789")
def bank_kakao(r): return "3333-" + layout(r, 2, 7)
def bank_toss(r): return "1000-" + layout(r, 4, 4)
def bank_any(r): return r.choice([bank_kb, bank_shinhan, bank_woori, bank_hana, bank_nh, bank_ibk, bank_kakao, bank_toss])(r)
def bank_plain(r): return bank_any(r).replace("-", "")
def bank_space(r): return bank_any(r).replace("-", " ")
def mobile(r): return r.choice(["010-" + layout(r, 4, 4, first="23456789")] * 9 + ["011-" + layout(r, 3, 4, first="23456789")])
def mobile_plain(r): return mobile(r).replace("-", "")
def mobile_space(r): return mobile(r).replace("-", " ")
def mobile_dot(r): return mobile(r).replace("-", ".")
def mobile_odd(r): return mobile(r).replace("-", r.choice([")", " - ", "/"]), 1)
def landline(r): return r.choice(["02", "031", "051", "053", "042", "064"]) + "-" + r.choice([layout(r, 3, 4, first="23456789"), layout(r, 4, 4, first="23456789")])
def landline_paren(r): return landline(r).replace("-", ")", 1)
def voip(r): return "070-" + layout(r, 4, 4, first="456789")
def safe_number(r): return "0507-" + layout(r, 4, 4)
def plus82(r): return "+82" + r.choice(["-", " ", ""]) + mobile(r)[1:]
def plus82_zero(r): return "+82 (0)" + mobile(r)[1:]
def e164(r): return r.choice(["+1" + digits(r, 10, "23456789"), "+44 20 " + layout(r, 4, 4, first="7", sep=" "), "+81-90-" + layout(r, 4, 4), "+49 151 " + digits(r, 8), "+86 138 " + layout(r, 4, 4, sep=" ")])
PLATE = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자허하호배"
def plate(r): return digits(r, r.choice([2, 3]), "123456789") + r.choice(PLATE) + digits(r, 4, "123456789")
def plate_space(r): p = plate(r); return p[:-4] + " " + p[-4:]
def plate_region(r): return r.choice(["서울", "경기", "부산"]) + " " + digits(r, 2, "123456789") + r.choice("바사아자") + " " + digits(r, 4, "123456789")
def health(r): return r.choice("12345678") + "-" + digits(r, 10)
def health_plain(r): return r.choice("12345678") + digits(r, 10)


SIDO = {"서울특별시": ["강남구", "마포구", "종로구", "송파구", "은평구"], "부산광역시": ["해운대구", "수영구", "기장군"],
        "경기도": ["수원시 팔달구", "성남시 분당구", "고양시 일산동구", "파주시", "양평군"], "강원특별자치도": ["춘천시", "평창군"],
        "전북특별자치도": ["전주시 완산구", "군산시"], "경상남도": ["창원시 성산구", "거제시"], "제주특별자치도": ["제주시", "서귀포시"],
        "세종특별자치시": [""], "대구광역시": ["수성구", "달서구"], "충청남도": ["천안시 서북구", "공주시"]}
SHORT = {"서울특별시": "서울", "부산광역시": "부산", "경기도": "경기", "강원특별자치도": "강원", "전북특별자치도": "전북",
         "경상남도": "경남", "제주특별자치도": "제주", "세종특별자치시": "세종", "대구광역시": "대구", "충청남도": "충남"}
ROADS = ["테헤란로", "월드컵북로", "세종대로", "중앙로", "해안대로", "덕영대로", "판교역로", "한누리대로", "평화로", "서부로",
         "통일로", "백제대로", "은행나무길", "솔밭길", "첨단로", "벚꽃로"]
DONGS = ["역삼동", "망원동", "우동", "인계동", "정자동", "효자동", "노형동", "범어동", "불당동", "상남동"]


def address_parts(r):
    sido = r.choice(list(SIDO))
    return sido, r.choice(SIDO[sido])


def joined(*parts): return " ".join(p for p in parts if p)
def road(r): return r.choice(ROADS) + r.choice(["", "", f"{r.randint(2, 99)}번길", f" {r.randint(2, 60)}길" if False else ""])
def number(r): return str(r.randint(1, 480)) + r.choice(["", "", f"-{r.randint(1, 40)}"])
def address(r): s, g = address_parts(r); return joined(s, g, road(r), number(r))
def address_short(r): s, g = address_parts(r); return joined(SHORT[s], g, road(r), number(r))
def address_si(r): s, g = address_parts(r); return joined(SHORT[s] + "시", g, road(r), number(r)) if s.endswith("시") else joined(s, g, road(r), number(r))
def address_lot(r): s, g = address_parts(r); return joined(s, g, r.choice(DONGS), number(r))
def address_unit(r): return address(r) + f", {r.randint(101, 120)}동 {r.randint(1, 19)}{r.randint(1, 4):02d}호"
def address_floor(r): return address(r) + f" {r.randint(2, 20)}층"
def address_flat(r): return address_short(r) + " " + r.choice(["한빛아파트", "푸른마을", "그린빌라"]) + f" {r.randint(101, 120)}동 {r.randint(1, 19)}{r.randint(1, 4):02d}호"
def address_gu(r): s, g = address_parts(r); g = g or "연동면"; return joined(g, road(r), number(r))
def address_road_only(r): return joined(road(r), number(r))
def address_us(r):
    street = f"{r.randint(10, 9900)} " + r.choice(["Maple", "Oak", "Cedar Hill", "Lincoln", "Lake View", "Washington", "2nd", "Elm"]) + " " + r.choice(["St", "Street", "Ave", "Avenue", "Road", "Blvd", "Drive", "Lane"])
    return street + r.choice(["", f", {r.choice(['Springfield, IL', 'Austin, TX', 'Portland, OR'])} {digits(r, 5, '123456789')}", f", Apt {r.randint(1, 40)}"])


# International

def email(r):
    name = r.choice(["minji.kim", "jsmith", "a.lee", "sales", "support+eu", "dev_ops", "park-hyun", "o.k", "first.last", "kim1234"])
    host = r.choice(["example.com", "mail.example.org", "hanbit-shop.co.kr", "univ.ac.kr", "corp.example.io", "naver.example", "my-company.de", "sub.domain.example.net"])
    return name + str(r.randint(1, 99) if r.random() < 0.4 else "") + "@" + host


def email_upper(r): return email(r).upper()
def email_spelled(r): return email(r).replace("@", r.choice([" (at) ", " [at] ", " 골뱅이 "]))


def luhn(body):
    total = 0
    for i, d in enumerate(reversed(body)):
        n = int(d) * (2 if i % 2 == 0 else 1)
        total += n - 9 if n > 9 else n
    return body + str((10 - total % 10) % 10)


def card_plain(r):
    kind = r.random()
    if kind < 0.4: return luhn("4" + digits(r, 14))
    if kind < 0.7: return luhn("5" + r.choice("12345") + digits(r, 13))
    if kind < 0.85: return luhn("9" + r.choice("4") + digits(r, 13))
    return luhn(r.choice(["3528", "6011", "6210", "3569"]) + digits(r, 11))


def grouped(value, sep): return sep.join(value[i:i + 4] for i in range(0, len(value), 4))
def card(r): return grouped(card_plain(r), "-")
def card_space(r): return grouped(card_plain(r), " ")
def amex(r): v = luhn("3" + r.choice("47") + digits(r, 12)); return f"{v[:4]} {v[4:10]} {v[10:]}" if r.random() < 0.5 else v
def card_wrong(r): v = card(r); return v[:-1] + str((int(v[-1]) + r.randint(1, 9)) % 10)


def iban_plain(r):
    country, bban = r.choice([("DE", lambda: digits(r, 18)), ("FR", lambda: digits(r, 10) + pick(r, UPPER_ALNUM, 11) + digits(r, 2)),
                              ("GB", lambda: pick(r, string.ascii_uppercase, 4) + digits(r, 14)), ("NL", lambda: pick(r, string.ascii_uppercase, 4) + digits(r, 10)),
                              ("ES", lambda: digits(r, 20)), ("CH", lambda: digits(r, 17)), ("AE", lambda: digits(r, 19)), ("PL", lambda: digits(r, 24))])
    body = bban()
    number_ = int("".join(str(int(c, 36)) for c in body + country + "00"))
    return f"{country}{98 - number_ % 97:02d}{body}"


def iban(r): return grouped(iban_plain(r), " ")
def iban_wrong(r): v = iban_plain(r); return v[:-1] + str((int(v[-1]) + 1) % 10) if v[-1].isdigit() else v[:-1] + "0"
def ssn(r): return f"{r.choice([n for n in range(1, 899) if n != 666]):03d}-{r.randint(1, 99):02d}-{r.randint(1, 9999):04d}"
def ssn_plain(r): return ssn(r).replace("-", "")
def ssn_space(r): return ssn(r).replace("-", " ")
def ssn_wrong(r): return r.choice(["000", "666", "9" + digits(r, 2)]) + "-" + layout(r, 2, 4)
def ip4(r): return r.choice(["192.168", "10.42", "172.16", "203.0", "211.45"]) + f".{r.randint(0, 254)}.{r.randint(1, 254)}"
def ip4_port(r): return ip4(r)
def ip6(r): return r.choice(["2001:db8:" + ":".join(f"{r.randint(1, 65535):x}" for _ in range(6)), f"fe80::{r.randint(4096, 65535):x}:{r.randint(4096, 65535):x}:{r.randint(1, 65535):x}", f"2001:db8::{r.randint(1, 65535):x}", f"2a02:{r.randint(256, 4095):x}:{r.randint(1, 65535):x}::1"])
def phone_us(r): a, e, n = digits(r, 3, "23456789"), digits(r, 3, "23456789"), digits(r, 4); return r.choice([f"({a}) {e}-{n}", f"{a}-{e}-{n}", f"{a}.{e}.{n}", f"+1 {a} {e} {n}", f"+1-{a}-{e}-{n}"])
def phone_uk(r): return r.choice(["+44 7" + digits(r, 3) + " " + digits(r, 6), "+44 20 7946 0" + digits(r, 3), "07" + digits(r, 3) + " " + digits(r, 6)])
def passport_us(r): return r.choice([digits(r, 9, "123456"), r.choice("ACXZ") + digits(r, 8)])
def account_us(r): return digits(r, r.choice([9, 10, 12]), "123456789")


# Secrets. Not one of them was ever issued.

def b64(r, n): return pick(r, ALNUM + "+/", n)
def b64url(r, n): return pick(r, ALNUM + "-_", n)
def aws_id(r): return r.choice(["AKIA", "ASIA"]) + pick(r, string.ascii_uppercase + "234567", 16)
def aws_secret(r): return b64(r, 40)
def github(r): return r.choice(["ghp_", "gho_", "ghs_"]) + pick(r, ALNUM, 36)
def github_fine(r): return "github_" + "pat_" + pick(r, ALNUM, 22) + "_" + pick(r, ALNUM, 59)
def gitlab(r): return "glpat-" + b64url(r, 20)
def slack(r): return "xoxb-" + digits(r, 12) + "-" + digits(r, 12) + "-" + pick(r, ALNUM, 24)
def stripe(r): return r.choice(["sk", "rk"]) + "_live_" + pick(r, ALNUM, 24)
def openai(r): return r.choice(["sk-proj-" + b64url(r, 80), "sk-" + pick(r, ALNUM, 48)])
def anthropic(r): return "sk-ant-api03-" + b64url(r, 93) + "AA"
def huggingface(r): return "hf_" + pick(r, string.ascii_letters, 34)
def npm(r): return "npm_" + pick(r, ALNUM, 36)
def pypi(r): return "pypi-AgEIcHlwaS5vcmc" + b64url(r, 120)
def telegram(r): return digits(r, 10, "123456789") + ":AA" + b64url(r, 33)
def gcp(r): return "AIza" + b64url(r, 35)
def token(r): return r.choice([aws_id, github, github_fine, gitlab, slack, stripe, openai, anthropic, huggingface, npm, pypi, telegram, gcp])(r)
def part(value): return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")
def jwt(r): return part({"alg": "HS256", "typ": "JWT"}) + "." + part({"sub": digits(r, 10), "iat": r.randint(1.6e9, 1.8e9)}) + "." + b64url(r, 43)
def strong_password(r): return pick(r, ALNUM + "!@#$%^&*-_", r.randint(16, 24))
def hex_key(r): return pick(r, "0123456789abcdef", 32)
def private_key(r): kind = r.choice(["RSA ", "EC ", "", "OPENSSH "]); return f"-----BEGIN {kind}PRIVATE KEY-----\n" + "\n".join(b64(r, 64) for _ in range(r.randint(3, 12))) + "\n" + b64(r, 40) + f"==\n-----END {kind}PRIVATE KEY-----"


# What looks like it and is not (names used after "~").

def iso_date(r): return f"{r.randint(1990, 2026)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}"
def order(r): return r.choice([f"20{r.randint(20, 26)}{r.randint(1, 12):02d}{r.randint(1, 28):02d}-{digits(r, 7)}", "ORD-" + digits(r, 8), f"20{r.randint(20, 26)}{r.randint(1, 12):02d}{r.randint(1, 28):02d}{digits(r, 6)}"])
def order13(r): return digits(r, 13, "123456789")
def waybill(r): return r.choice([digits(r, 12, "3456"), layout(r, 4, 4, 4, first="3456"), digits(r, 10, "123456")])
def millis(r): return str(r.randint(1_500_000_000_000, 1_790_000_000_000))
def seconds(r): return str(r.randint(1_500_000_000, 1_790_000_000))
def isbn(r): return r.choice(["979-11-", "978-89-"]) + layout(r, 4, 4, first="123456789")[:-1] + "-" + digits(r, 1)
def isbn_plain(r): return r.choice(["978", "979"]) + digits(r, 10)
def barcode(r): return "880" + digits(r, 10)
def version(r): return f"{r.randint(0, 30)}.{r.randint(0, 30)}.{r.randint(0, 200)}"
def version4(r): return f"{r.randint(1, 30)}.{r.randint(0, 9)}.{r.randint(100, 9999)}.{r.randint(0, 254)}"
def section(r): return f"{r.randint(1, 9)}.{r.randint(1, 9)}.{r.randint(1, 9)}.{r.randint(1, 9)}"
def uuid(r): h = pick(r, "0123456789abcdef", 32); return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
def sha1(r): return pick(r, "0123456789abcdef", 40)
def sha256(r): return pick(r, "0123456789abcdef", 64)
def price(r): return f"{r.randint(1, 9999):,}" + ",000"
def bad_rrn(r): return r.choice([f"{r.randint(50, 99)}{r.randint(13, 99)}{r.randint(10, 28)}-{digits(r, 7, '1234')}", f"{r.randint(50, 99)}02{r.randint(30, 31)}-{digits(r, 7, '1234')}", f"{r.randint(50, 99)}04{r.randint(32, 99)}-{digits(r, 7, '12')}"])
def masked_rrn(r): return f"{date6(r, 1950, 1999)}-{r.choice('12')}" + "******"
def masked_phone(r): return "010-****-" + digits(r, 4)
def part_number(r): return r.choice(["010-" + layout(r, 2, 4), "031-" + layout(r, 5, 2), layout(r, 3, 2, 4, 1), layout(r, 2, 3, 3)])
def account_shape(r): return r.choice([bank_shinhan, bank_hana, bank_kb])(r)
def coordinates(r): return f"37.{digits(r, 6)}, 126.{digits(r, 6)}"
def mac(r): return ":".join(pick(r, "0123456789abcdef", 2) for _ in range(6))
def clock(r): return f"{r.randint(0, 23):02d}:{r.randint(0, 59):02d}:{r.randint(0, 59):02d}"
def small(r): return str(r.randint(2, 900))
def year(r): return str(r.randint(1950, 2026))
def model(r): return r.choice(["SM-S9", "M", "RTX ", "A", "K", "XPS "]) + digits(r, 3)
def code(r): return pick(r, UPPER_ALNUM, 10)
def ticket(r): return r.choice(["INC", "REQ", "JIRA-", "CS-"]) + digits(r, 7)
def base64_text(r): return base64.b64encode(pick(r, string.ascii_lowercase + "     ", 30).encode()).decode()
