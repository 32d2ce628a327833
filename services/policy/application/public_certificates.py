"""What a certificate says, in the public form of `park.proto`."""

from uuid import UUID

from hubao.policy.v1 import park_pb2 as pb
from hubao.policy.v1 import terms_pb2

from libs.common.grpc.convert import date_message, money_message
from services.policy.application.public import enterprise_message, part_message
from services.policy.domain.park.certificate import Certificate
from services.policy.domain.park.events import Stay
from services.policy.domain.product.park import ParkPayer


def certificate_terms_message(certificate_id: UUID, certificate: Certificate) -> pb.CertificateTerms:
    master = certificate.master
    payer = master.operator if master.payer is ParkPayer.OPERATOR else certificate.member
    return pb.CertificateTerms(
        certificate_id=str(certificate_id),
        certificate_number=certificate.number,
        policy_id=master.policy_id,
        policy_number=master.policy_number,
        member=enterprise_message(certificate.member),
        payer=enterprise_message(payer),
        expiry=date_message(master.term.expiry),
        segments=[stay_segment(stay) for stay in certificate.days],
        premium=money_message(certificate.premium),
    )


def stay_segment(stay: Stay) -> terms_pb2.TermsSegment:
    message = terms_pb2.TermsSegment(to=date_message(stay.leaves_on), parts=[part_message(part) for part in stay.parts])
    getattr(message, "from").CopyFrom(date_message(stay.joins_on))  # A word of Python's own.
    return message
