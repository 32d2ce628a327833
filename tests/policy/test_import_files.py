"""A book as a file: CSV and XLSX in pieces, each refusal by sheet, cell and heading."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import pytest
from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from openpyxl import Workbook

from libs.common.texts import unwanted
from services.policy.servicer import import_files
from tests.policy import book
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk

COLUMNS: dict[str, Any] = {
    "policy_number": "OLD-000001",
    "uscc": book.insured(1).uscc,
    "name": book.insured(1).name,
    "industry_code": "I65",
    "region_code": "310115",
    "size": "small",
    "line": "comprehensive",
    "product_key": "CYBER",
    "product_version": "1",
    "inception": "2026-01-01",
    "expiry": "2027-01-01",
    "DATA.limit": "23000000",
    "DATA.deductible": "20000.00",
    "DATA.annual_premium": book.DATA_PREMIUM,
    "EXTORTION.limit": "2000000",
    "EXTORTION.retroactive_date": "2020-01-01",
    "EXTORTION.annual_premium": book.EXTORTION_PREMIUM,
    "annual_revenue": "80000000",
    "answer.MFA": "yes",
    "dependency.cloud": "aliyun",
}
PLACES = {name: index for index, name in enumerate(COLUMNS)}


def line(number: int = 1, **changes: Any) -> dict[str, Any]:
    own = {"policy_number": f"OLD-{number:06d}", "uscc": book.insured(number).uscc, "name": book.insured(number).name}
    return {**COLUMNS, **own, **{name.replace("__", "."): value for name, value in changes.items()}}


def csv_file(*lines: dict[str, Any]) -> bytes:
    headings = list(dict.fromkeys(name for each in lines for name in each))
    rows = [headings, *([str(each.get(name, "")) for name in headings] for each in lines)]
    return "\r\n".join(",".join(row) for row in rows).encode("utf-8-sig")


def xlsx_file(path: Path, *lines: dict[str, Any]) -> bytes:
    made = Workbook()
    made.active.title = "policies"
    headings = list(dict.fromkeys(name for each in lines for name in each))
    made.active.append(headings)
    for each in lines:
        made.active.append([each.get(name) for name in headings])
    made.save(path)
    return path.read_bytes()


def requests(content: bytes, form: str = "csv", key: str = "BOOK-2025", digest: str = "") -> Iterator[Any]:
    header = pb.ImportFileHeader(format=f"IMPORT_FORMAT_{form.upper()}", sha256=digest or sha256(content).hexdigest())
    getattr(header, "import").CopyFrom(book.header(key).header)
    yield pb.ImportPolicyFileRequest(header=header)
    for start in range(0, len(content), 700):
        yield pb.ImportPolicyFileRequest(chunk=content[start : start + 700])


async def taken(desk: Desk, content: bytes, form: str = "csv", **more: Any) -> book.Answered:
    return await book.imported(desk, list(requests(content, form, **more)), "ImportPolicyFile")


async def unreadable(desk: Desk, sent: list[Any]) -> str:
    """Which field of the file is wrong."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await book.imported(desk, sent, "ImportPolicyFile")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return (refused.value.details() or "").partition(": ")[0]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_a_file_is_taken_over_as_a_stream_would_be(desk: Desk, tmp_path: Path, form: str) -> None:
    await a.product(desk)
    lines = [line(1), line(2)]
    content = csv_file(*lines) if form == "csv" else xlsx_file(tmp_path / "a.xlsx", *lines)

    from_file = await taken(desk, content, form)
    streamed = await book.imported(desk, [book.header(), book.rows(book.row(1), book.row(2), book.row(3))])

    assert from_file.outcomes == ["accepted", "accepted"]
    assert from_file.summary == pb.ImportSummary(rows=2, accepted=2, premium=a.yuan(196_000))
    # Neither way of one import knows which the other was: the rows are the same.
    assert [each.policy_id for each in streamed.results[:2]] == [each.policy_id for each in from_file.results]


async def test_the_numbers_of_a_workbook_are_exact(desk: Desk, tmp_path: Path) -> None:
    await a.product(desk)
    amounts = {"DATA__limit": 23_000_000, "DATA__annual_premium": 90000.01, "EXTORTION__annual_premium": 7999.99}
    days = {"inception": date(2026, 1, 1), "expiry": date(2027, 1, 1), "product_version": 1}

    answered = await taken(desk, xlsx_file(tmp_path / "a.xlsx", line(1, **amounts, **days)), "xlsx")

    assert answered.outcomes == ["accepted"]
    assert answered.summary is not None and answered.summary.premium == a.yuan(98_000)


async def test_shares_dependencies_and_the_rest_have_columns(desk: Desk) -> None:
    await a.product(desk)
    more = {
        "row_key": "17",
        f"share.{an.TENANT}": "60",
        "share.insurer-b": "40",
        "dependency.saas": "Feishu; 钉钉",
        "aggregate_limit": "20000000",
        "vat": "5880.00",
        "stamp_duty": "98.00",
        "bundled_services": "yes",
    }

    answered = await taken(desk, csv_file({**line(1), **more}))
    policy = (await desk.ask(policy_pb.GetPolicyRequest(policy_id=answered.results[0].policy_id))).policy

    assert [(each.insurer_id, each.percent, each.lead) for each in policy.timeline.shares] == [
        (an.TENANT, "60", True),
        ("insurer-b", "40", False),
    ]
    assert [each.name for each in policy.origin.dependencies] == ["aliyun", "Feishu", "钉钉"]
    assert (policy.timeline.aggregate_limit, policy.origin.row_key) == (a.yuan(20_000_000), "17")
    assert "RECOVERY" in [each.code for each in policy.timeline.entitlements]


async def no_rows(desk: Desk, content: bytes, form: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await taken(desk, content, form)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details() == "file: holds no row beside its headings."


@pytest.mark.parametrize("headings", [True, False])
async def test_a_file_without_a_row_is_refused(desk: Desk, tmp_path: Path, headings: bool) -> None:
    csv = csv_file(line(1)).splitlines(keepends=True)[0] if headings else b""
    made = Workbook()
    if headings:
        made.active.append(list(COLUMNS))
    for _ in range(5):
        made.active.append([])
        made.active.append(["  "])
    made.save(tmp_path / "a.xlsx")

    await no_rows(desk, csv, "csv")
    await no_rows(desk, csv + b"\r\n , ,\r\n" * 100, "csv")
    await no_rows(desk, (tmp_path / "a.xlsx").read_bytes(), "xlsx")


async def test_what_is_told_of_a_file_is_shown_without_what_is_not_seen(desk: Desk) -> None:
    await a.product(desk)
    strange = {
        "row_key": "1\0\x1b[2J",
        "size": "ti\0ny",
        "share.in\u200bsurer": "6\x070",
        "dependency.cloud": "ali\0yun",
    }

    answered = await taken(desk, csv_file({**line(1), **strange}))
    heading = await unreadable(desk, list(requests(csv_file({**line(1), "limit\0": "1"}))))

    (result,) = answered.results
    told = [
        result.row_key,
        result.message,
        result.field,
        *(text for p in result.problems for text in (p.field, p.message)),
    ]
    assert result.row_key == "1\ufffd\ufffd[2J"
    assert not any(unwanted(text) for text in [*told, heading])
    assert "\ufffd" in heading


def place(heading: str, row: int = 2) -> str:
    return f"csv!{chr(ord('A') + PLACES[heading])}{row} ({heading})"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"uscc": "91310115000000018K"}, ("INVALID_FIELD", place("uscc"))),
        ({"industry_code": "I99"}, ("INVALID_FIELD", place("industry_code"))),
        ({"size": "tiny"}, ("INVALID_FIELD", place("size"))),
        ({"line": "marine"}, ("INVALID_FIELD", place("line"))),
        ({"product_version": "1.0"}, ("INVALID_FIELD", place("product_version"))),
        ({"inception": "1/1/2026"}, ("INVALID_FIELD", place("inception"))),
        ({"inception": "9999-12-31"}, ("INVALID_FIELD", place("inception"))),
        ({"expiry": "2026-12-31"}, ("INVALID_FIELD", place("expiry"))),
        ({"name": "瀚海\0科技"}, ("INVALID_FIELD", place("name"))),
        ({"name": "瀚海\u202e科技"}, ("INVALID_FIELD", place("name"))),
        ({"name": "瀚" * 201}, ("INVALID_FIELD", place("name"))),
        ({"product_key": "A\u200b"}, ("INVALID_FIELD", place("product_key"))),
        ({"dependency__cloud": "ali\x07yun"}, ("INVALID_FIELD", place("dependency.cloud"))),
        ({"DATA__limit": "99999999999999"}, ("INVALID_FIELD", place("DATA.limit"))),
        ({"DATA__limit": "23 000 000"}, ("INVALID_FIELD", place("DATA.limit"))),
        ({"DATA__limit": "0"}, ("INVALID_FIELD", place("DATA.limit"))),
        ({"DATA__annual_premium": "90000.015"}, ("INVALID_FIELD", place("DATA.annual_premium"))),
        ({"DATA__annual_premium": ""}, ("INVALID_FIELD", "csv!2 (DATA.annual_premium)")),
        ({"name": ""}, ("INVALID_FIELD", "csv!2 (name)")),
        ({"EXTORTION__retroactive_date": "2026-02-01"}, ("INVALID_FIELD", place("EXTORTION.retroactive_date"))),
        ({"answer__MFA": "sometimes"}, ("INVALID_FIELD", place("answer.MFA"))),
        ({"dependency__cloud": "aliyun;"}, ("INVALID_FIELD", place("dependency.cloud"))),
        ({"DATA__limit": "1"}, ("LIMIT_OUT_OF_RANGE", "csv!2")),
        ({"vat": "1"}, ("INVALID_FIELD", "csv!U2 (vat)")),
        ({"share__insurer-b": "40"}, ("SHARES_NOT_WHOLE", "csv!U2 (share.insurer-b)")),
        ({"bundled_services": "maybe"}, ("INVALID_FIELD", "csv!U2 (bundled_services)")),
    ],
)
async def test_a_wrong_cell_is_named(desk: Desk, changes: dict[str, str], refusal: tuple[str, str]) -> None:
    await a.product(desk)

    answered = await taken(desk, csv_file(line(1, **changes), line(2)))

    assert answered.refusals == [refusal]
    assert answered.outcomes == ["refused", "accepted"]
    assert answered.results[0].row_key == "OLD-000001"


async def test_all_wrong_cells_of_a_row_are_named(desk: Desk) -> None:
    await a.product(desk)
    wrong = line(1, size="huge", inception="soon", DATA__annual_premium="90000.015", bundled_services="maybe", name="")

    answered = await taken(desk, csv_file(wrong, line(2)))

    (refused, accepted) = answered.results
    assert [one.field for one in refused.problems] == [
        "csv!2 (name)",
        place("size"),
        place("inception"),
        "csv!U2 (bundled_services)",
        place("DATA.annual_premium"),
    ]
    assert (refused.reason, refused.field) == ("INVALID_FIELD", "csv!2 (name)")
    assert not accepted.problems


async def test_all_cells_of_a_row_that_can_not_be_meant_are_named(desk: Desk) -> None:
    await a.product(desk)
    wrong = line(1, uscc="9131", region_code="990000", expiry="2026-02-01", answer__MFA="sometimes", vat="1")

    answered = await taken(desk, csv_file(wrong))

    assert [one.field for one in answered.results[0].problems] == [
        place("uscc"),
        place("region_code"),
        place("expiry"),
        place("answer.MFA"),
    ]


async def test_a_binary_number_that_is_no_whole_fen_is_named_by_its_cell(desk: Desk, tmp_path: Path) -> None:
    await a.product(desk)

    answered = await taken(desk, xlsx_file(tmp_path / "a.xlsx", line(1, DATA__annual_premium=90000.015)), "xlsx")

    assert answered.refusals == [("INVALID_FIELD", "policies!N2 (DATA.annual_premium)")]
    assert answered.results[0].message == (
        "policies!N2 (DATA.annual_premium): is 90000.015, which is no whole number of fen"
    )


async def test_a_longer_file_goes_on_where_a_shorter_one_ended(desk: Desk) -> None:
    await a.product(desk)
    await taken(desk, csv_file(line(1), line(2)))

    again = await taken(desk, csv_file(line(1), line(2), line(3)))

    assert again.outcomes == ["repeated", "repeated", "accepted"]


async def test_a_file_that_is_no_book_is_refused_whole(desk: Desk) -> None:
    await a.product(desk)
    good = csv_file(line(1))

    assert await unreadable(desk, list(requests(good, "xlsx"))) == "workbook"
    assert await unreadable(desk, list(requests(good, digest="ab" * 32))) == "sha256"
    assert await unreadable(desk, list(requests(csv_file({"policy_number": "1"})))) == "csv!A1"
    assert await unreadable(desk, list(requests(csv_file({**line(1), "colour": "red"})))) == "csv!U1 (colour)"
    assert await unreadable(desk, list(requests(good.replace(b"uscc", b"name", 1)))) == "csv!C1"
    header, *chunks = requests(good)
    assert await unreadable(desk, [*chunks, header]) == "header"
    assert await unreadable(desk, [header, header]) == "header"
    assert await desk.application.log.one("SELECT count(*) FROM event WHERE type = 'policy.Bound'") == (0,)


async def test_a_file_that_breaks_off_has_its_rows_before_that_taken(desk: Desk) -> None:
    await a.product(desk)

    assert await unreadable(desk, list(requests(csv_file(line(1), line(2)) + b"\r\n\xff"))) == "csv!A4"
    assert (await taken(desk, csv_file(line(1)))).outcomes == ["accepted"]


async def test_a_file_may_be_too_large(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_files, "LARGEST_FILE", 100)

    assert await unreadable(desk, list(requests(csv_file(line(1))))) == "file"


CHINESE = {
    "policy_number": "保单号",
    "uscc": "统一社会信用代码",
    "name": "被保险人名称",
    "industry_code": "行业代码",
    "region_code": "行政区划代码",
    "size": "企业规模",
    "line": "产品线",
    "product_key": "产品代码",
    "product_version": "产品版本",
    "inception": "保险起期",
    "expiry": "保险止期",
    "DATA.limit": "DATA.赔偿限额",
    "DATA.deductible": "DATA.免赔额",
    "DATA.annual_premium": "DATA.年保费",
    "EXTORTION.limit": "EXTORTION.限额",
    "EXTORTION.retroactive_date": "EXTORTION.追溯日",
    "EXTORTION.annual_premium": "EXTORTION.年保费",
    "annual_revenue": "年营业收入",
    "answer.MFA": "回答.MFA",
    "dependency.cloud": "依赖.云",
}


def in_chinese(number: int = 1, **changes: Any) -> dict[str, Any]:
    words = {"size": "小型", "line": "综合险", "answer__MFA": "是"}
    return {CHINESE.get(name, name): value for name, value in line(number, **{**words, **changes}).items()}


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
async def test_a_file_in_chinese_is_the_same_book(desk: Desk, encoding: str) -> None:
    await a.product(desk)
    content = csv_file(in_chinese(1), in_chinese(2)).decode("utf-8-sig").encode(encoding)

    answered = await taken(desk, content)
    again = await taken(desk, csv_file(line(1), line(2)))

    assert answered.outcomes == ["accepted", "accepted"], answered.results
    assert again.outcomes == ["repeated", "repeated"]


async def test_an_operator_of_critical_infrastructure_has_columns(desk: Desk) -> None:
    await a.product(desk)
    critical = {"关键信息基础设施": "是", "保护工作部门": "上海市通信管理局"}

    answered = await taken(desk, csv_file({**line(1), **critical}, {**line(2), "关键信息基础设施": "是"}))

    assert answered.refusals == [("ACT_REFERRED", "csv!2"), ("INVALID_FIELD", "csv!3 (insured.protecting_department)")]


async def test_all_wrong_cells_of_a_row_are_told_at_once(desk: Desk) -> None:
    await a.product(desk)
    wrong = {"size": "huge", "inception": "1.1.2026", "DATA__limit": "one", "annual_revenue": "much"}

    (result,) = (await taken(desk, csv_file(line(1, **wrong)))).results

    assert [each.field for each in result.problems] == [
        place("size"),
        place("inception"),
        place("annual_revenue"),
        place("DATA.limit"),
    ]
    assert (result.field, result.row_key) == (place("size"), "OLD-000001")


async def test_two_headings_of_one_meaning_are_refused(desk: Desk) -> None:
    await a.product(desk)

    assert await unreadable(desk, list(requests(csv_file({**line(1), "保单号": "OLD-000002"})))) != ""


async def test_a_dry_run_says_what_would_become_of_each_row_and_takes_in_none(desk: Desk) -> None:
    await a.product(desk)
    await taken(desk, csv_file(line(1)))
    position = (await desk.application.log.head()).position
    sent = list(requests(csv_file(line(1), line(2), line(2, row_key="again"), line(3, size="huge"))))
    getattr(sent[0].header, "import").dry_run = True

    answered = await book.imported(desk, sent, "ImportPolicyFile")

    assert answered.outcomes == ["repeated", "acceptable", "refused", "refused"]
    assert answered.refusals[0] == ("POLICY_NUMBER_TAKEN", "csv!4")
    assert answered.summary == pb.ImportSummary(
        rows=4, accepted=1, repeated=1, refused=2, premium=a.yuan(98_000), dry_run=True
    )
    assert (await desk.application.log.head()).position == position
