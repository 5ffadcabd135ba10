"""Korean lines. `<maker>` is a labelled value, `<~maker>` one that is no personal data, `^full`, `^zero`, `^bold` write it
with full-width characters, with zero-width characters inside, or with mathematical bold digits.

Written before the recognisers were tried on them; a line that is missed stays.
"""

# Each is filled three times with other values.
POSITIVE = """
제 주민등록번호는 <rrn>이에요. 본인 확인 부탁드려요.
주민번호 <rrn_plain> 로 조회해 주세요
주민등록번호: <rrn_space>
주민번호가 <rrn>인데 조회가 안 됩니다.
아이 주민번호는 <rrn_new>이고 아직 여권은 없어요.
개명하면서 번호가 <rrn_reissued>로 바뀌었습니다. 주민등록 초본 첨부합니다.
(주민등록번호 <rrn_reissued>) 상기 본인은 위임합니다.
고객 정보: 김하늘 / <rrn> / 여
홍길동,<rrn>,<mobile>,<email>
RRN=<rrn_plain>&name=kim
주민번호 <rrn^full> 입니다
제 번호 <rrn^zero>요, 이렇게 적으면 되나요?
주민등록번호 <rrn_wide_dash> 맞으시죠?
<rrn>이야. 저장해 둬.
등본에 <rrn>라고 나와요.
신분증 사본에 적힌 번호는 <rrn_plain>입니다. 주민등록증 앞면이에요.
외국인등록번호 <frn>로 개통 신청합니다.
외국인등록증 번호가 <frn>인 고객인데요.
제 아들 외국인등록번호는 <frn_young>입니다.
외국인 등록 번호: <frn_plain>
<frn>으로 가입되어 있어요.
등록번호 <frn_reissued>, 체류자격 F-5
ARC number는 <frn>예요.
여권번호는 <passport>입니다.
여권 <passport_new> 만료일이 다음 달이에요.
<passport_new>로 항공권 예약해 주세요.
예약자 영문명 KIM MINJI, 여권번호 <passport>
새 여권은 <passport_new>이고 옛날 건 <passport>였어요.
여권번호(<passport_lower>)를 소문자로 써도 되나요?
여권 <passport_new^full> 확인 부탁
passport no. <passport> 로 체크인했어요
운전면허 번호 <licence>로 렌터카 예약합니다.
면허번호는 <licence>예요.
<licence>이 제 면허번호인데 갱신하려고요.
운전면허번호 <licence_plain> 조회
면허증에는 <licence_region>라고 되어 있어요.
운전면허: <licence_region>
2종 보통 <licence>, 적성검사 만료
면허 <licence^zero> 확인
사업자등록번호 <business> 한빛상사입니다. 세금계산서 발행해 주세요.
사업자번호 <business_plain> 으로 현금영수증 부탁드려요.
상호 푸른나무, <business>, 대표 이서준
저희 사업자는 <business>입니다.
사업자등록번호는 <business^full>예요.
공급자 등록번호: <business>
법인등록번호 <corporate> 주식회사 한빛
법인번호는 <corporate_plain>입니다.
등기부등본상 <corporate>로 되어 있습니다.
사업자 <business>, 법인 <corporate>
환불 계좌는 국민은행 <bank_kb>입니다.
신한 <bank_shinhan> 김민지로 입금해 주세요.
계좌번호 <bank_any> 예금주 박서연
우리은행 <bank_woori>
하나은행 계좌 <bank_hana>로 이체했어요.
농협 <bank_nh> 이하준
카카오뱅크 <bank_kakao>으로 보내 줘
토스뱅크 <bank_toss> 최지우
기업은행 <bank_ibk>로 환불 부탁드립니다.
계좌: 국민 <bank_plain>
입금 계좌번호는 <bank_plain>이고 예금주는 저예요.
<bank_any> (신한은행, 예금주 강도윤)
<bank_kakao>로 송금해 주세요
급여 통장은 우체국 <bank_space>입니다.
새마을금고 계좌 <bank_any^full>
제 전화번호는 <mobile>입니다.
<mobile>로 연락 주세요.
연락처 <mobile_plain>
핸드폰 <mobile_space> 문자 주세요
폰번호는 <mobile_dot>이에요
010)번호로 말고 <mobile_odd>로요
휴대폰 <mobile^full>로 인증번호가 안 와요.
문의: <landline> 담당 최 과장
사무실은 <landline>이고 휴대폰은 <mobile>예요.
가게 번호 <landline_paren>
인터넷전화 <voip>으로 걸어 주세요.
안심번호 <safe_number> 로 전화했는데 안 받아요.
해외에서는 <plus82>로 거세요.
<plus82_zero>로 국제전화 부탁해요.
현지 번호는 <e164>입니다.
<mobile>/<mobile>/<landline> 중에 되는 번호로요
제 번호 <mobile^zero>인데 톡 주세요
전화번호 <mobile_plain>이 맞는지 봐 주세요
배송지: <address>
집 주소는 <address_unit>입니다.
주소 <address_short>로 보내 주세요.
<address_floor>에 있는 사무실로 오세요.
<address_si>로 이사했어요.
등본상 주소는 <address_lot>이에요.
택배는 <address_flat>로 부탁해요.
주소가 <address_gu>인데 배달되나요?
주소: <address_road_only>
회사 위치는 <address_lot>입니다
<address> 앞 편의점에서 만나요.
김하늘, <mobile>, <address_unit>
받는 곳 <address^full>
차량번호 <plate> 등록해 주세요.
<plate> 차주분 차 좀 빼 주세요.
방문 차량은 <plate_space>입니다.
택시 번호가 <plate_region>였어요.
제 차는 <plate>예요. 주차 등록 부탁드립니다.
건강보험증 번호 <health>로 조회해 주세요.
건강보험번호는 <health_plain>입니다.
건보 증번호: <health>
제 메일은 <email>입니다.
<email>으로 보내 주세요.
이메일 주소 <email_upper>예요
담당자(<email>)에게 문의
메일은 <email^full>로요
메일 <email_spelled> 로 주세요
참조: <email>, <email>; <email>
카드번호 <card>로 결제했어요.
신용카드 <card_space> 유효기간 12/29
<card_plain>이 등록된 카드인가요?
카드 <card^full> 결제 취소
아멕스 <amex>도 되나요?
법인카드 <card>, CVC는 따로 보낼게요
카드번호는 <card^zero>입니다
해외 송금 IBAN은 <iban>입니다.
IBAN <iban_plain>로 보냈어요.
미국 SSN <ssn> 있는데 가입되나요?
사회보장번호 <ssn>
접속 IP가 <ip4>로 나와요.
서버 <ip4>에서 차단됐어요. 방화벽 확인 부탁.
아이피는 <ip6>입니다.
<ip4>:8080 으로 접속하세요
로그인 기록: <~iso_date> <~clock> <ip4> 서울
깃허브 토큰 <token>이 노출됐어요.
API 키는 <token>입니다
비밀번호는 <strong_password> 로 설정했어요
AWS 키 <aws_id> 폐기해 주세요.
password=<strong_password>
.env 파일: API_KEY=<hex_key>
토큰 <jwt> 이 만료됐다고 나와요
""".strip().split("\n")

# No personal data. Each is filled three times.
NEGATIVE = """
주문번호 <~order>의 배송 상태를 알려 주세요.
주문번호 <~order13>이 조회되지 않습니다.
송장번호 <~waybill>로 조회하면 됩니다.
운송장 <~waybill> 배송 완료
<~iso_date>에 가입했고 <~iso_date>에 해지했습니다.
회의는 <~iso_date> <~clock>에 시작합니다.
타임스탬프 <~millis> 기준으로 정렬하세요.
epoch <~seconds>는 언제인가요?
ISBN <~isbn> 책을 찾고 있어요.
이 책의 ISBN은 <~isbn_plain>입니다.
바코드 <~barcode>를 찍으면 가격이 나와요.
<~version> 버전으로 업데이트했는데 안 돼요.
펌웨어 <~version4> 배포 안내
제<~small>조 <~section>항을 참고하세요.
요청 ID <~uuid> 로그 확인
커밋 <~sha1>에서 깨졌습니다.
sha256:<~sha256>
가격은 <~price>원이고 할인하면 <~price>원입니다.
주민등록번호 형식 예: <~bad_rrn>
번호 <~bad_rrn>는 없는 날짜라 오류가 납니다.
주민번호 뒷자리는 가려서 <~masked_rrn>처럼 표시됩니다.
연락처가 <~masked_phone>로 보여요.
부품번호 <~part_number> 재고 있나요?
모델명 <~model> 사용 중입니다.
규격 <~account_shape> 제품을 주문했습니다.
품번 <~account_shape>의 단가표
상품코드 <~business_wrong> 품절
카드 테스트 번호 <~card_wrong>은 오류가 나야 합니다.
좌표는 <~coordinates>입니다.
맥 주소 <~mac> 등록
인구는 <~small>만 <~small>명입니다.
<~year>년부터 <~year>년까지의 자료
접수번호 <~ticket> 처리 부탁드립니다.
쿠폰 코드 <~code> 입력하세요
서울로 7017을 걸었어요. <~year>년에 개장했죠.
종로 3가에서 <~small>번 버스를 탔어요.
강남구 주민 <~small>명이 참여했습니다.
부산시 <~small>개 학교를 조사했다.
새로 <~small>개, 추가로 <~small>개를 주문했다.
이번 길 <~small>미터 앞에서 좌회전
점수는 <~small>-<~small>-<~small> 순이었다.
학번 <~order13> 학생의 성적
회원번호 <~waybill>
문서번호 <~order>, 시행 <~iso_date>
비밀번호는 8자 이상이어야 합니다. 제한 <~small>자
비밀번호: ********
api_key=<~model>
password = "${DB_PASSWORD}"
토큰은 환경변수 GITHUB_TOKEN에서 읽습니다. 길이 <~small>
총 <~small>.<~small>.<~small> 버전 계열
유효 시간 <~clock> 부터 <~clock> 까지
예약번호 <~code>, 좌석 <~small>A
사건번호 <~year>가합<~small>
고시 제<~year>-<~small>호
우편번호 0<~small>으로 보내요
점포코드 M<~small>, 창고 R<~small>
관리번호 <~waybill>번 장비를 점검했다
세션 <~uuid> 만료, <~clock>
base64 문자열 <~base64_text> 를 풀면 문장이 나와요
계산하면 <~small> + <~small> = <~small> 이 됩니다
로또 번호 3, 11, 19, 24, 38, 42 와 <~small>회차
이메일 형식은 이름@도메인 입니다. <~small>자 제한
@minji 님이 <~small>개의 댓글을 남겼습니다.
logo@2x.png 파일을 <~small>px로 줄여 주세요
전화는 평일 9시-18시, 대기 <~small>명
12가지 방법과 <~small>가지 예시
""".strip().split("\n")

# Written one by one; [[type|value]] is labelled.
HAND = """
안녕하세요, 어제 주문한 사람인데요. 성함은 한지민이고 번호는 [[phone|010-3345-9921]], 주소는 [[address|서울 마포구 월드컵북로 396]] 12층입니다.
[[rrn|850712-2345670]]... 이거 맞나? 아무튼 주민번호예요.
주민번호 앞자리는 850712인데 뒷자리는 말씀 못 드려요.
생년월일 1985-07-12, 휴대폰 [[phone|010-8812-0034]]
생일이 850712 맞으시죠?
공일공 삼삼사오 구구이일로 전화 주세요.
제 번호 뒷자리 9921이에요.
010이랑 011 중에 뭐가 더 오래됐어요?
2024년 12월 25일 14:30에 1234번 버스가 왔다.
오늘 환율은 1달러에 1,391.50원입니다.
통장 비밀번호 4자리는 알려 드릴 수 없습니다.
국민은행 앱에서 오류 코드 1002-503-22가 떠요.
신한카드 고객센터는 1544-7000이에요.
112나 119로 신고하세요. 긴급하지 않으면 110입니다.
쿠버네티스 1.31.2에서 노드가 192개까지 됩니다.
포트 8080과 8443을 열어 주세요.
IP 대역은 10.0.0.0/8 이에요. 서버 하나는 [[ip|10.20.30.40]]이고요.
버전 10.2.30.4로 올렸더니 느려졌어요.
v1.2.3.4 태그를 붙였습니다.
메일 보낼 곳: 인사팀<[[email|hr@hanbit-shop.co.kr]]>
문의는 [[email|help@example.com]]이나 [[phone|02-555-0199]]로.
카드번호를 4자리씩 [[card|4539 1488 0343 6467]] 이렇게 부르면 돼요?
카드 앞 6자리 453914, 뒤 4자리 6467
상품 9410000000000로 시작하는 번호는 테스트예요.
차량은 흰색 그랜저고 [[vehicle-plate|123가4568]]입니다.
30도 1000원짜리 얼음을 녹이는 온도다.
주차장 3층 12구역에 50대 2000원씩
10호 1234번째 손님
충남 공주시 [[address|충남 공주시 백제대로 17]] 아니고 부여예요. 앞에는 시까지만 썼어요.
경기도 성남시에 삽니다.
제주도 서귀포시 날씨 알려 줘
[[address|경기도 성남시 분당구 판교역로 235]] 에이치스퀘어 N동
서울시청은 [[address|서울특별시 중구 세종대로 110]]에 있어요.
우리 집은 테헤란로 근처예요.
대로 3개, 소로 12개를 포장한다
IBAN 예시로 [[iban|DE89 3704 0044 0532 0130 00]] 를 씁니다.
GB로 시작하는 계좌요? [[iban|GB82WEST12345698765432]]이에요
SSN은 미국 번호라서 없어요. 123-45라고만 적었어요.
사업자번호 [[business-number|123-45-67891]] 으로 발행
사업자번호 예시 000-00-00000은 쓰지 마세요
법인등록번호 [[corporate-number|130111-0006246]]
환불은 카카오뱅크 [[bank-account|3333-01-2345678]] 홍길동
계좌번호 끝자리 678만 알려 주셔도 돼요.
농협 통장 [[bank-account|302-0123-4567-81]]이고 신한은 [[bank-account|110-234-567890]]이에요.
110-234-567 부품을 3개 주세요
여권이 [[passport|M123A4567]]인데 A가 맞나요?
좌석 M12, 탑승구 D205, 편명 KE0081
모델 번호 S12345678 냉장고
시리얼 R9876543210
주민등록등본이랑 가족관계증명서 떼는 법 알려 줘
운전면허 갱신은 10년마다예요. 번호는 [[driver-licence|11-05-123456-78]]
면허 서울 05-123456 까지만 보여요
건강보험료가 123,450원 나왔어요
건강보험증번호 [[health-insurance-number|1-2345678901]]
토큰 좀 봐 줘: 12,000토큰이면 얼마야?
비밀번호를 hunter2로 바꿨어요
git clone git@github.com:hanbit/shop.git 하면 돼요
비번: [[secret|xK9#mQ2$vL7pWz4R]] 아무한테도 말하지 마
SECRET_KEY 환경변수를 설정하세요
임시 비밀번호는 이메일로 보냈습니다.
전화번호: [[phone|(02) 555-0188]], 팩스: [[phone|02-555-0189]]
긴급 연락처 [[phone|+82-10-2345-6789]] / 집 [[phone|031-234-5678]]
0.010-0.012 사이의 값
수심 010-012m 구간
""".strip().split("\n")
