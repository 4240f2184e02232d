"""The page of rules as sentences: every line of a policy has one, as a library would print it."""

import re
from datetime import date

import pytest

import rule_sheet
from policy_file import PolicyMistakes, read_policy
from tests.facts import EVERYTHING, EVERYTHING_TEXT, MONDAYS_CLOSED, SOURCE_1, SOURCE_2, WEB, on
from wording import POLICY_LANGUAGES, Wording

ENTRIES = re.compile(
    r"^\[\[(?!branch|patron|people|material|category|season\]\])([\w.]+)\]\]\n", re.MULTILINE
)


def whole(policy, language: str = "ja") -> list[str]:
    """Every heading and every sentence of the sheet, seasons included."""
    said = []
    for section in rule_sheet.sections(policy, Wording(language, policy.words), on(WEB), MONDAYS_CLOSED):
        said.append(f"## {section.title}")
        said += [f"{row.material}: {row.period}" for row in section.loans]
        for part in section.parts:
            said += [f"### {part.title}"] if part.title else []
            said += part.sentences
    return said


def entries() -> list:
    """The text of each line of a list in the invented library's file, under its place."""
    found, counts = [], {}
    for match in ENTRIES.finditer(EVERYTHING_TEXT):
        counts[match[1]] = counts.get(match[1], 0) + 1
        end = re.compile(r"^\[", re.MULTILINE).search(EVERYTHING_TEXT, match.end())
        text = EVERYTHING_TEXT[match.start() : end.start() if end else None]
        found.append(pytest.param(text, id=f"{match[1]}[{counts[match[1]]}]"))
    return found


@pytest.mark.parametrize("language", POLICY_LANGUAGES)
@pytest.mark.parametrize("entry", entries())
def test_a_line_that_is_struck_out_takes_its_sentence_along(entry, language):
    # A line that says no sentence of its own would be a rule that no patron can read.
    try:
        without = read_policy(EVERYTHING_TEXT.replace(entry, "", 1))
    except PolicyMistakes as error:
        pytest.fail(f"the file cannot be read without it: {error}")

    assert set(whole(EVERYTHING, language)) - set(whole(without, language))


def test_a_word_of_the_exceptions_that_is_struck_out_leaves_the_sentence():
    without = read_policy(EVERYTHING_TEXT.replace('"renewed", "overdue", "mark"]', '"renewed", "overdue"]'))
    none_at_all = read_policy(re.sub(r"\[overrule\]\n.*\n.*\n", "", EVERYTHING_TEXT))

    [sentence] = set(whole(without)) - set(whole(EVERYTHING))
    assert sentence.startswith("貸出の点数、貸出延長の回数、返却期限を過ぎた資料については、窓口で、")
    assert not any("例外" in sentence for sentence in whole(none_at_all))


def test_a_sheet_of_every_rule_reads_from_top_to_bottom():
    assert whole(EVERYTHING) == EXPECTED


@pytest.mark.parametrize("policy", [SOURCE_1, SOURCE_2, EVERYTHING])
@pytest.mark.parametrize("language", POLICY_LANGUAGES)
def test_no_sentence_is_said_twice_and_none_has_a_hole(policy, language):
    heading, said = "", []
    for sentence in whole(policy, language):
        heading = sentence if sentence.startswith("#") else heading
        said.append((heading, sentence))

    assert [both for both in said if re.search(r"None|[{}]|\[\]|rules\.|  ", both[1])] == []
    assert len(said) == len(set(said))


def test_in_a_season_the_sheet_says_what_holds_then():
    policy = EVERYTHING
    in_december = rule_sheet.sections(
        policy, Wording("ja", policy.words), on(WEB, date(2026, 12, 20)), MONDAYS_CLOSED
    )

    [loans] = [section for section in in_december if section.title == "貸出"]
    assert "図書、雑誌は、あわせて20点までです。" in loans.parts[0].sentences


EXPECTED = """\
## 貸出券
貸出券の番号は、1、2で始まる8けたの数字です。
「P」で始まる貸出券は、窓口でお取り替えください。
貸出券の有効期間は、発行の日から1年です。
市内の方は、貸出券の有効期間は、最後にご利用になった日から3年です。
市内の方は、貸出券の更新は、有効期限の45日前からできます。
小学生までの方は、貸出券の有効期間は、発行から4年のうちの、最後の誕生日までです。
貸出券の有効期限が過ぎて、そのあと5年のあいだご利用がないと、登録を消させていただきます。
再発行には100円かかります。
## パスワードと連絡先
パスワードは10文字以上です。
パスワードは、「パスワード登録」のページで、貸出券の番号と氏名(カナ)、生年月日を入れて登録できます。
パスワードは、窓口でお渡しする番号で登録できます。
ログインは、20分のあいだ操作がないと、自動で終わります。1分前にお知らせが出て、続けて使うことができます。
館内の端末のログインは、1分のあいだ操作がないと、自動で終わります。30秒前にお知らせが出て、続けて使うことができます。
メールアドレスは、2つまで登録できます。
ドット(.)が続くメールアドレスは、メールが届かないことがあるため、登録できません。
図書館からのメールは、library@example.jp からお送りします。
## 貸出
図書: 2週間
雑誌: その日を含めて8日間
視聴覚資料: 1週間
新刊の貸出期間は、1週間です。
65歳以上の市内の方は、図書の貸出期間は、3週間です。
窓口では、おもちゃの貸出期間は、3時間です。
中央図書館では、地図の貸出期間は、開館日で1日間です。
中央図書館では、地図を貸し出すのは、18:00からです。
中央図書館では、地図は、期限の日の10:00までにお返しください。
図書、雑誌は、あわせて10点までです。
65歳以上の市内の方は、図書、雑誌は、あわせて15点までです。
視聴覚資料は、2タイトルまでです。
大型絵本は、1点までです。ほかの点数には数えません。
駅前分室の本は、館ごとに12冊までです。
おもちゃは、1日に1点までです。
すべての資料をあわせて20点までです。
参考図書は、貸出していません。
相互利用の方は、課題図書は、貸出していません。
館内の端末では、最新号は、貸出していません。
駅前分室では、地図は、貸出していません。
視聴覚資料は、中央図書館で中学生以上の方にお貸しします。
おもちゃの貸出は、窓口でお受けしています。
返却期限日が休館日のときは、その前の開館日が期限になります。
## 貸出延長
貸出延長は、1点につき1回までです。
図書は、手続きをした日から数えて、2週間借りられます。
図書の貸出延長は、1点につき2回までです。
雑誌は、手続きをした日から数えて、1週間借りられます。
貸出延長は、Webか窓口でお受けしています。
Webでの貸出延長は、8:30から20:00までお受けしています。
窓口では、いったんお返しいただいたものとして、もう一度お貸しします。
延長できるのは、返却期限日の6日前からです。
延長しても、借りた日から6週間を超えることはありません。
返却期限日を過ぎた資料は、10日以内なら延長できます。
期限を過ぎたときは、返却期限日から1週間、延ばせます。
期限を過ぎてから延長しても、借りた日から4週間を超えることはありません。
課題図書は、延長できません。
Webでは、新刊は、延長できません。
雑誌の貸出延長は、市内の方に限ります。
視聴覚資料、おもちゃ、小道具は、延長できません。
予約が入っていて、ほかに貸し出せる所蔵がない資料は、延長できません。
ほかの図書館から取り寄せた資料は、延長できません。
すでに延長した資料は、決められた回数を超えて延長できません。
## 予約
### 予約できる方
市内の方は、予約できます。
市外の方は、予約できます。
相互利用の方は、予約できません。
ご用意ができたことは、メール、電話でお知らせします。
ご連絡を差し上げず、ご自身で確かめていただくこともできます。
Webからの予約は、月曜日は 開館の時刻 に受け付けます。
Webからの予約は、火・水・木・金・土・日曜日は 8:30、18:00 に受け付けます。
館内の端末での予約は、9:30から19:00までお受けしています。
受け取りの時期は、Webか窓口で決められます。順番はそのままで、2か月先まで後に回せます。この日を過ぎたら要らない、という日も決められます。
シリーズものは、順番にご用意します。
### 予約できる点数
図書、雑誌、所蔵していない資料のリクエストは、あわせて10点までです。
課題図書の予約は、おひとり2点までです。
視聴覚資料は、2点までです。
館内の端末では、すべての資料をあわせて1日に2点までです。
窓口での予約とインターネットでの予約をあわせた点数です。
### 予約できない資料
参考図書
Webでは、最新号は、予約できません。
読み聞かせの会の方は、窓口でご予約ください。
視聴覚資料のリクエスト
視聴覚資料の予約は、中央図書館でお受けしています。
すべての資料が棚にあるときは、予約できません。
## 受け取り
ご用意ができたことをお知らせしてから開館日で7日間、取り置きます。期限を過ぎると、予約は取り消されます。
連絡なしのときは、ご用意ができてから10日間、取り置きます。期限を過ぎると、予約は取り消されます。
駅前分室では、取り置きの期限が、開館日で1日延びます。
取り置きの期限が休館日のときは、次の開館日までです。
取り置きの期限は、Webか窓口で1回まで、開館日で2日延ばせます。
次にお待ちの方がいるときは、取り置きの期限を延ばせません。
ご連絡がつかないまま20日が過ぎると、予約は取り消されます。
取り置きの資料には、お名前のよみを書いた予約票をはさみます。
ご用意ができた予約は、Webでは取り消せません。図書館にご連絡ください。
予約と期限のお知らせのメールに書くのは、書名、予約の番号、点数、受取館です。
メールに書名を書くかどうかは、「連絡方法」のページで選べます。選ばれるまでは、書きません。
予約のことをお電話でお知らせするときに申し上げるのは、書名のはじめの数文字です。
## ご利用いただけないとき
返却期限を1日以上過ぎた資料(予約待ちの方がいる資料、ほかの図書館から取り寄せた資料)が1点でもあると、貸出はご利用いただけません。
ご本人かご家族に、返却期限を2か月以上過ぎた資料が1点でもあると、貸出、予約はご利用いただけません。
延滞中の資料があるため、Webでは延長できません。お電話か窓口でお申し込みください。
見つからない資料があると、貸出、予約、貸出延長はご利用いただけません。
「弁償」のお手続きが済んでいないと、貸出、貸出延長はご利用いただけません。
市内の方、市外の方は、中央図書館、駅前分室では、返却が期限より1日以上遅れると、遅れた1日につき2日のあいだ、視聴覚資料の貸出はご利用いただけません。長くても30日です。
返却が期限より14日以上遅れると、返却の日から1か月のあいだ、予約はご利用いただけません。
貸出券の有効期限が切れていると、貸出、予約、貸出延長はご利用いただけません。
貸出の点数、貸出延長の回数、返却期限を過ぎた資料、済んでいないお手続きについては、窓口で、職員の判断で例外とすることがあります。
## お知らせのメール
返却期限日の2日前に、メールでお知らせします。
ご連絡がメールの予約は、取り置きの期限の2日前にも、メールでお知らせします。
貸出券の有効期限の1か月前に、メールでお知らせします。
返却期限日を過ぎると、1週間ごとに3回まで、メールでお知らせします。
期限の前のお知らせは、受け取るかどうかを「連絡方法」のページで選べます。
## 新着資料案内
好きな著者やジャンルなどを登録すると、新しく入った資料をメールでお知らせします。登録できるのは30件までです。
先に、メールアドレスの登録が必要です。
## 個人情報
取り消した予約と、期限が過ぎて終わった予約は、終わってから1か月のあいだ、ご本人のページで見られます。そのあとは記録から消します。
窓口などで何をしたかの記録は、2年たつと消します。
消した情報は、長くて35日後に、故障に備えて取った写しからもなくなります。
## 期間を限ったきまり
### 夏の課題図書(7月12日から8月31日まで)
課題図書の貸出期間は、1週間です。
課題図書は、1点までです。
### 年末特別貸出(2026年12月12日(土)から2026年12月27日(日)まで)
図書、雑誌の貸出期間は、4週間です。
図書、雑誌は、あわせて20点までです。
返却期限日が休館日のときは、次の開館日が期限になります。
手続きをした日から、貸出期間と同じだけ延ばせます。
Webでは、「弁償」のお手続きが済んでいないと、貸出、貸出延長はご利用いただけません。
""".splitlines()
