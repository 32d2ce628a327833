"""Everyone who talks to one running stack."""

from dataclasses import dataclass

from deploy.local.cast import Cast
from deploy.local.clients import Channels
from deploy.local.cluster import Cluster
from deploy.local.stack import Stack


@dataclass(frozen=True)
class Players:
    """The callers, and the operator's view of all services."""

    channels: Channels
    cast: Cast
    cluster: Cluster

    @classmethod
    def on(cls, stack: Stack) -> "Players":
        channels = Channels.to(stack.addresses)
        cast = Cast.on(channels, stack.issue)
        return cls(channels, cast, Cluster(cast.operator))
