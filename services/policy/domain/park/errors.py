"""The rules of park policies that a command can break."""

from libs.common.errors import NotFound, Refused


class NotAPark(Refused):
    message = "Policy {policy_number} is no park policy; only those take members."


class CertificateNotFound(NotFound):
    message = "There is no certificate {certificate_id}."


class CertificateNotInForce(Refused):
    message = "Certificate {certificate_number} is {status}; nobody is in by it who could leave."


class MemberAlreadyIn(Refused):
    message = "{uscc} is in already from {joins_on} to before {leaves_on}, by certificate {certificate_number}."


class LeavesBeforeJoining(Refused):
    message = "A member that joins on {joins_on} can't leave on {leaves_on}."


class SubLimitOverMaster(Refused):
    message = "The sub-limit of {part_code}, {limit}, is above the master's {what}, {most}."


class PartOnCertificates(Refused):
    message = "Part {part_code} of a park policy stays for the term: certificates rest on it."


class ParkCessionsFixed(Refused):
    message = "The change would move what {source_id} takes from {first} on; certificates are ceded with what it took."
