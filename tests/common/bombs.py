"""Workbooks that are small and claim to be very large, each in one way."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook {_MAIN} xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="policies" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        f'<Relationship Id="r3" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet {_MAIN}><fonts><font><sz val="11"/></font></fonts>'
        "<fills><fill><patternFill/></fill></fills><borders><border/></borders>"
        '<cellStyleXfs><xf numFmtId="0"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'
    ),
    "xl/sharedStrings.xml": f"<sst {_MAIN}><si><t>number</t></si></sst>",
}
HEADING = '<row r="1"><c r="A1" t="inlineStr"><is><t>number</t></is></c></row>'
"""The first row; its one heading is `number`."""


def sheet(*rows: str) -> str:
    """A sheet of rows as they are."""
    return f"<worksheet {_MAIN}><sheetData>{''.join(rows)}</sheetData></worksheet>"


def begun(*rows: str) -> str:
    """A sheet that is not at its end."""
    return sheet(*rows).removesuffix("</sheetData></worksheet>")


def row(number: int | str, *texts: str, column: str = "A") -> str:
    """A row with texts in cells that follow each other from a column on."""
    first, *others = [f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts] or [""]
    return f'<row r="{number}">{first.replace("<c ", f"""<c r="{column}{number}" """)}{"".join(others)}</row>'


def workbook(path: Path, rows: str, **parts: str | bytes) -> Path:
    """A workbook whose sheet is `rows`; other parts by the last word of their names, such as `styles`."""
    places = {name.rpartition("/")[2].removesuffix(".xml"): name for name in PARTS}
    made = {**PARTS, "xl/worksheets/sheet1.xml": rows, **{places[name]: part for name, part in parts.items()}}
    with ZipFile(path, "w", ZIP_DEFLATED) as packed:
        for name, part in made.items():
            packed.writestr(name, part)
    return path


def long_part(path: Path, name: str, begin: str, again: str, times: int, end: str) -> Path:
    """A workbook with one part of which the middle comes so many times; it is never whole in memory."""
    with ZipFile(path, "w", ZIP_DEFLATED) as packed:
        for other, part in {**PARTS, "xl/worksheets/sheet1.xml": sheet(HEADING)}.items():
            if other != name:
                packed.writestr(other, part)
        info = ZipInfo(name)
        info.compress_type = ZIP_DEFLATED
        with packed.open(info, "w") as part_file:
            part_file.write(begin.encode())
            block = again.encode() * 1000
            for _ in range(times // 1000):
                part_file.write(block)
            part_file.write(end.encode())
    return path


def gap(path: Path, row_number: int = 1_000_000_000, times: int = 8) -> Path:
    """Rows far below each other with nothing in between."""
    return workbook(path, sheet(HEADING, *(row((at + 1) * row_number, "A-1") for at in range(times))))
