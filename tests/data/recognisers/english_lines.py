"""English lines, in the form of korean_lines.py. Written before the recognisers were tried on them."""

POSITIVE = """
My email is <email>, please confirm.
Contact: <email> or <email>
Send the invoice to <email_upper> today.
You can reach me at <email>.
From: "Jane Smith" <~small> (<email>)
mailto:<email>?subject=hello
I wrote it as <email_spelled> to avoid spam.
Her address is <email^full>, I think.
{"user": "<email>", "plan": "pro"}
cc <email>; bcc <email>
Call me on <phone_us> after 5pm.
My phone number is <phone_us>.
Phone: <phone_us> / Fax: <phone_us>
The UK office is <phone_uk>.
Mobile <e164>, WhatsApp too.
In Korea I use <plus82>.
My Korean number is <mobile>, call any time.
Tel. <landline> (Seoul)
text <phone_us^full> if you are late
Reach out at <phone_uk> or <email>
My card is <card>, expires 04/29.
Charge <card_space> please.
Card number: <card_plain>
Amex <amex> was declined.
pan=<card_plain>&cvv=123
I typed <card^full> and it failed.
The card <card^zero> is blocked
credit card <card_space> and backup <card>
Payment method ending in a long number <card_plain> was used twice.
My SSN is <ssn>.
Social Security Number: <ssn>
ssn <ssn_plain>
social security <ssn_space>
Applicant <ssn>, born 1980-02-03
SSN=<ssn^full>
taxpayer <ssn> filed late
Please transfer to IBAN <iban>.
IBAN: <iban_plain>
Bank account <iban_plain> (EUR)
Our details: <iban>, BIC later.
beneficiary iban <iban^full>
Wire it to <iban> before Friday.
The server at <ip4> is down.
Blocked request from <ip6>.
ssh root@<ip4> does not answer
Client IP: <ip4>, agent curl
<ip4> - - [<~iso_date>] "GET / HTTP/1.1" 200
listening on [<ip6>]:443
My address is <ip4>; yours is <ip4>.
connect to http://<ip4_port>:9000/health
IPv6 <ip6> resolves, IPv4 <ip4> does not.
Passport number <passport>.
passport: <passport_us>
My US passport no. <passport_us> expires soon.
I travel with <passport_new>.
Passport <passport_new^full> was stolen.
Korean resident registration number <rrn>.
RRN: <rrn>
My alien registration number is <frn>.
ID <rrn> belongs to my wife.
ARC <frn> issued in Seoul
national id (<rrn_plain>) resident registration
The newborn got <rrn_new>.
resident number <rrn_reissued>, reissued after the leak
Korean driver's license <licence>.
driver licence no. <licence>
license number: <licence_plain>
I rented it with <licence>.
Business registration number <business>.
BRN <business> on the invoice
Registered as <business> in Korea
company <business_plain>, business registration
Corporate registration number <corporate>
corporation no. <corporate> (Seoul registry)
My account number is <account_us>.
bank account: <account_us>, checking
Kookmin Bank <bank_kb>
Please refund to account <bank_any>.
KakaoBank <bank_kakao>
<bank_any> is the account I used
I live at <address_us>.
Ship to <address_us>.
Address: <address_us>
Our office in Korea: <address_short>
Deliver to <address>
Plate <plate> is parked in my spot.
license plate <plate>
vehicle <plate_space> registered
National Health Insurance number <health>
health insurance no. <health_plain>
My GitHub token <token> leaked.
export API_KEY=<token>
key: <token>
The bot uses <telegram> as its token.
Authorization: Bearer <jwt>
cookie session=<jwt>
password: <strong_password>
db_password = "<strong_password>"
AWS_SECRET_ACCESS_KEY=<aws_secret>
aws_access_key_id = <aws_id>
secret_key: '<hex_key>'
<private_key>
here is the key <private_key> please keep it
{"token": "<token>", "ttl": 3600}
I pasted <token> by mistake
client_secret=<strong_password>
Use <stripe> in production only.
HF login with <huggingface>
PGPASSWORD=<strong_password> psql -h db
curl -H "X-Api-Key: <hex_key>" https://api.example.com
the leaked one was <anthropic>, revoke it
OPENAI_API_KEY=<openai>
""".strip().split("\n")

NEGATIVE = """
Order <~order> has shipped.
Order no. <~order13> is on its way.
Tracking number <~waybill> was delivered.
Invoice <~ticket> is overdue since <~iso_date>.
Released on <~iso_date> at <~clock>.
The timestamp <~millis> is in milliseconds.
Unix time <~seconds> is fine.
ISBN <~isbn> is out of print.
isbn <~isbn_plain>
EAN <~barcode> scanned at the till
Upgrade to version <~version> first.
Firmware version <~version4> fixes it.
build <~version4>
See section <~section> of the manual.
Request <~uuid> failed.
commit <~sha1> broke the build
sha256 <~sha256>
It costs $<~price> plus tax.
The total is <~price> won.
The format is like <~bad_rrn> but with a real date.
An id such as <~bad_rrn> is refused.
Shown as <~masked_rrn> on screen.
The number is masked: <~masked_phone>.
Part number <~part_number> is in stock.
model <~model> ships in May
SKU <~account_shape> is discontinued.
product code <~business_wrong>
The test card <~card_wrong> must fail the check.
The malformed IBAN <~iban_wrong> must be rejected.
Numbers like <~ssn_wrong> are never issued.
located at <~coordinates>
MAC <~mac> joined
It took <~small> ms for <~small> requests.
From <~year> to <~year> the rate fell.
Ticket <~ticket> was closed.
Use coupon <~code> at checkout.
Chapter <~small>, page <~small>
<~small> people, <~small> rooms and <~small> floors
The score was <~small>-<~small>-<~small>.
Rows <~small> to <~small> are empty.
Serial <~waybill> is under warranty.
Student <~order13> passed.
member id <~waybill>
Runs from <~clock> to <~clock> daily
Password must have at least <~small> characters.
password: ********
password = "${DB_PASSWORD}"
api_key: <your-api-key>
token = os.environ["GITHUB_TOKEN"] # <~small>
secret: process.env.CLIENT_SECRET
Flight KE<~small>, gate D<~small>
seat M<~small> in coach R<~small>
etag "<~sha1>"
trace <~uuid> span <~small>
base64 <~base64_text> decodes to text
react@18.2.<~small> and lodash@4.17.<~small>
icon@2x.png is <~small> px wide
@jsmith commented <~small> times
std::vector and std::map took <~small> ns
ratio 16:9, time <~clock>, odds 3:1
Use port <~small> and <~small>.
git@github.com:example/repo.git has <~small> stars
In <~year> Maple trees fell on <~small> Oak benches.
RFC <~small> section <~section>
call the function <~small> times with 0x<~sha1>
lot <~waybill> expires <~iso_date>
DOI 10.1145/<~seconds>
chess 1-0, <~small>-<~small>, 0-1
kernel 5.15.0-<~small>-generic
case <~year>-<~small>-<~small> was dismissed
""".strip().split("\n")

HAND = """
Hi, I am Jane. Call [[phone|(415) 555-0132]] or write to [[email|jane.doe@example.org]] before noon.
The last four digits of my card are 4242.
4242 people signed, 4242 more are expected.
Test with [[card|4111 1111 1111 1111]] or [[card|378282246310005]].
4111 1111 1111 1112 fails Luhn.
Call 911 in an emergency, 311 otherwise.
My zip code is 94107 and I am 34.
The loopback 127.0.0.1 is fine, but [[ip|203.0.113.77]] is a customer.
Netmask 255.255.255.0, gateway [[ip|192.168.1.1]]
Python 3.11.7.1 does not exist.
Windows 10.0.19045.3570 crashed.
OID 1.3.6.1.4.1.311 is registered.
Chapter 1.2.3.4 explains subnets.
the address fe80 prefix is link local
::1 is loopback and [[ip|2001:db8::8a2e:370:7334]] is documentation
dead:beef is not an address
12:34:56 is a time
SSN 000-12-3456 is invalid, and so is 666-12-3456.
[[ssn|536-90-4399]] is what he told me
dates like 01-02-2003 confuse people
extension 123-45-678
My number? 5550132. Area code 415.
Dial +[[phone|]]1 first.
Dial [[phone|+14155550132]] from abroad.
Pi is 3.14159265358979 and e is 2.718281828.
9781234567897 is an EAN.
GB is a country code; GB12 is a postcode area.
NL91 ABNA is how it starts.
[[iban|NL91 ABNA 0417 1643 00]] THANKS
[[iban|FR14 2004 1010 0505 0001 3M02 606]] is French
passport control closes at 9
The M12345 motor and the S4567 sensor
passport [[passport|M70689098]] and visa
flight code D12345678 is odd
sk-learn and sk-video are libraries
hf_hub_download is a function
npm_config_registry is a variable
AKIA is a prefix
ghp_ tokens have forty characters
the eyJ prefix marks a JWT
-----BEGIN PRIVATE KEY----- is the first line of such a file, said the teacher.
-----BEGIN CERTIFICATE----- MIIB is public.
My password is hunter2 lol
password=changeme123456
the password is the same as last time, somethingverylongbutplain
postgres://admin:[[secret|S3cr3tP4ssw0rdX9]]@db.example.com/app
DSN redis://:p@localhost
user:password@host is the syntax
Bearer token required
token_count = 4096
secret_santa = "Alice"
api_key_header = "X-API-Key"
password_hash_rounds = 12
Monkey123456789012345 is a user name
write to john at example dot com
a@b is not an address
fig. 3@5mm
5 Main ideas and 7 Oak chairs
[[address|1600 Pennsylvania Avenue]] is famous
[[address|10 Downing Street]] moved
The 2024 Lane Report says so
1 St is short
He drove 55 Road miles
""".strip().split("\n")
HAND.remove("Dial +[[phone|]]1 first.")
