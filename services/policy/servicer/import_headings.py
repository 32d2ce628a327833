"""The headings of a file of policies, and the words in its cells, in English and in Chinese.

A book comes as its owner has it. Each heading has one meaning, whatever it is written in; a heading that means what
another one does already is refused. Nothing is guessed: what is not listed here is no column of an import.
"""

import unicodedata

_FIXED = {
    "保单号": "policy_number",
    "保单号码": "policy_number",
    "统一社会信用代码": "uscc",
    "被保险人": "name",
    "被保险人名称": "name",
    "企业名称": "name",
    "行业代码": "industry_code",
    "行政区划代码": "region_code",
    "地区代码": "region_code",
    "企业规模": "size",
    "产品线": "line",
    "险类": "line",
    "产品代码": "product_key",
    "产品版本": "product_version",
    "保险起期": "inception",
    "起保日期": "inception",
    "保险止期": "expiry",
    "终保日期": "expiry",
    "行号": "row_key",
    "累计赔偿限额": "aggregate_limit",
    "增值税": "vat",
    "印花税": "stamp_duty",
    "年营业收入": "annual_revenue",
    "附带服务": "bundled_services",
    "关键信息基础设施": "critical_infrastructure",
    "保护工作部门": "protecting_department",
}
"""保险止期 is the day after the last, as `expiry` is: a term is one year to the day, so another reading is refused."""
_TERMS = {
    "赔偿限额": "limit",
    "限额": "limit",
    "免赔额": "deductible",
    "追溯日": "retroactive_date",
    "年保费": "annual_premium",
}
_FAMILIES = {"份额": "share", "回答": "answer", "依赖": "dependency"}
_KINDS = {
    "云": "cloud",
    "云服务": "cloud",
    "软件服务": "saas",
    "托管服务": "managed_service",
    "关键软件": "key_software",
}
_WORDS = {
    "大型": "large",
    "中型": "medium",
    "小型": "small",
    "微型": "micro",
    "财产损失险": "property",
    "责任险": "liability",
    "综合险": "comprehensive",
    "信息技术产品责任险": "product_liability",
    "网络安全产品专门保险": "security_product",
    "安全服务职业责任险": "professional",
    "园区保": "park",
    "是": "yes",
    "否": "no",
}


def heading_of(written: str) -> str:
    """The column that a heading means, in the words of `import_columns`; what is not known stays as it is written."""
    name = unicodedata.normalize("NFKC", written).strip()
    if name in _FIXED:
        return _FIXED[name]
    first, dot, last = name.partition(".")
    if not dot:
        return name
    if first in _FAMILIES:
        return f"{_FAMILIES[first]}.{_KINDS.get(last, last)}"
    return f"{first}.{_TERMS.get(last, last)}"


def word_of(written: str) -> str:
    """A word of a cell in English, `small` for 小型; what is not known stays as it is written."""
    return _WORDS.get(written, written)
