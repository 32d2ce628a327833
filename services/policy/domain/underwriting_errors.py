"""The rules of underwriting that a command can break: questionnaires, versions, authority, accumulation."""

from libs.common.errors import NotFound, Refused


class QuestionnaireNotFound(NotFound):
    message = "There is no questionnaire {questionnaire_id}."


class QuestionnaireExists(Refused):
    message = "The key {questionnaire_key} belongs to another questionnaire."


class QuestionnaireRetired(Refused):
    message = "Questionnaire {questionnaire_key} is not used any more."


class QuestionnaireVersionNotPublished(Refused):
    message = "Questionnaire {questionnaire_key} has no published version {version}."


class AnotherQuestionnaire(Refused):
    message = "The product asks {asked}; what was answered is {answered}."


class RequiredAnswersMissing(Refused):
    message = "These questions need an answer: {questions}."


class ProductVersionRetired(Refused):
    message = "Version {version} of product {product_key} is not sold any more."


class AuthorityNotFound(NotFound):
    message = "Nothing was ever granted to {principal}."


class OwnAuthority(Refused):
    message = "{principal} can't change their own authority; another chief underwriter has to."


class AuthorityInsufficient(Refused):
    message = "{principal} may release {held}; quote {quote_number} needs {needed} for {reasons}."


class ActReferred(Refused):
    message = "This is referred for {reasons}: somebody else releases it who is trusted with limits up to {needed}."


class ReleaseBeyondAuthority(Refused):
    message = "{principal} may release {held}; this needs {needed} for {reasons}."


class AccumulationNotFound(NotFound):
    message = "Nothing is known of the {kind} {name}: it has no capacity, and no policy depends on it."
