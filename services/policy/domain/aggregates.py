"""All kinds of aggregates of this service: every stream of its log is one of them."""

from services.policy.domain.accumulation.accumulation import Accumulation
from services.policy.domain.accumulation.exposure import PolicyExposure
from services.policy.domain.authority import Authority
from services.policy.domain.change_draft.draft import ChangeDraft
from services.policy.domain.park.certificate import Certificate
from services.policy.domain.park.roll import Roll
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy_file import PolicyFile
from services.policy.domain.product.product import Product
from services.policy.domain.questionnaire import Questionnaire
from services.policy.domain.release import Release
from services.policy.domain.submission.submission import Submission
from services.policy.domain.treaty.facultative import Facultative
from services.policy.domain.treaty.treaty import Treaty

AGGREGATES = (
    Accumulation,
    Authority,
    Certificate,
    ChangeDraft,
    Facultative,
    Policy,
    PolicyExposure,
    PolicyFile,
    Product,
    Questionnaire,
    Release,
    Roll,
    Submission,
    Treaty,
)
