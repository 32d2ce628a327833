"""Which version of a questionnaire a product asks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QuestionnairePin:
    """A published version of a questionnaire. `key` is the insurer's name for it, "" where only the id is known."""

    questionnaire_id: str
    version: int
    key: str = ""

    def __str__(self) -> str:
        return f"version {self.version} of questionnaire {self.key or self.questionnaire_id}"

    def same(self, other: "QuestionnairePin | None") -> bool:
        return other is not None and (self.questionnaire_id, self.version) == (other.questionnaire_id, other.version)
