"""The rules that an import, its file, or a watch of policies can break."""

from libs.common.errors import Invalid, Refused


class LineDiffers(Refused):
    message = "Version {version} of {product_key} is of the line {line}, not {given_line}."


class TermOver(Refused):
    message = "The term ended before {expiry}; on {today} only policies with a day of cover left are imported."


class PolicyNumberTaken(Refused):
    message = "Policy {policy_number} was imported already, as {policy_id}."


class RowKeyReused(Refused):
    message = "Row {row_key} of import {import_key} came before with another content."


class FileUnreadable(Invalid):
    message = "{field}: {problem}"
