"""Certificates of park policies as policy announces them, read."""

from hubao.common.v1.party_pb2 import EnterpriseSize
from hubao.policy.v1 import park_pb2 as park_pb

from libs.common.dates import Period
from libs.common.grpc.convert import date_value, enum_name, uuid_value
from services.billing_subsidy.domain.account.premium import PolicyFacts


def member_facts(certificate: park_pb.CertificateTerms, currency: str) -> PolicyFacts:
    """What billing keeps of a certificate; what it has of its master is not said again.

    Its term, by which programmes judge it, is from the first day on which the member is in to the master's expiry.
    """
    stays, member = certificate.segments, certificate.member
    expiry = date_value("certificate.expiry", certificate.expiry)
    return PolicyFacts(
        policy_id=uuid_value("certificate.certificate_id", certificate.certificate_id),
        policy_number=certificate.certificate_number,
        insured_uscc=member.uscc,
        size=enum_name("certificate.member.size", EnterpriseSize, member.size),
        industry=member.industry_code,
        region=member.region_code,
        line="",
        subsidy_classes=(),
        term=Period(date_value("certificate.segments.from", getattr(stays[0], "from")), expiry),
        currency=currency,
        master_id=uuid_value("certificate.policy_id", certificate.policy_id),
        payer_uscc=certificate.payer.uscc if certificate.payer.uscc != member.uscc else "",
        critical_infrastructure=member.critical_infrastructure,
    )
