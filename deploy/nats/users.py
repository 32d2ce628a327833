"""NATS's users and their permissions: each service may publish what is its own, and read what it hears.

`python -m deploy.nats.users` prints the part of a NATS configuration that says so, with passwords from the environment.
The local stack uses the same text, and `deploy/nats/nats.conf` holds it.
"""

from collections.abc import Mapping

HEARS: Mapping[str, tuple[str, ...]] = {
    "policy": ("vendor_gateway", "claims", "billing_subsidy"),
    "vendor_gateway": ("policy", "claims"),
    "claims": ("policy", "vendor_gateway", "billing_subsidy"),
    "billing_subsidy": ("policy", "vendor_gateway", "claims"),
}
"""Whose announcements each service reacts to."""


def password_variable(service: str) -> str:
    """The environment variable in which NATS finds a service's password."""
    return f"HUBAO_NATS_{service.upper()}"


def may_publish(service: str) -> list[str]:
    """Its announcements and hints; its own stream; and, at each upstream's, a consumer of its own name."""
    own = f"HUBAO_{service.upper()}"
    allowed = [
        f"hubao.{service}.>",
        f"hubao_pulse.{service}",
        f"$JS.API.STREAM.INFO.{own}",
        f"$JS.API.STREAM.CREATE.{own}",
    ]
    for upstream in HEARS[service]:
        stream = f"HUBAO_{upstream.upper()}"
        allowed += [
            f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{service}",
            f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{service}",
            f"$JS.ACK.{stream}.{service}.>",
        ]
    return allowed


def may_subscribe(service: str) -> list[str]:
    """Answers to itself, hints of its replicas, and of those that it hears."""
    return [f"_INBOX_{service}.>", *(f"hubao_pulse.{name}" for name in (service, *HEARS[service]))]


def authorization() -> str:
    """The block of a NATS configuration; passwords are in the environment."""
    lines = ["authorization {", "  users: ["]
    for service in HEARS:
        lines += ["    {", f"      user: {service}", f"      password: ${password_variable(service)}"]
        lines += ["      permissions {"]
        for act, subjects in (("publish", may_publish(service)), ("subscribe", may_subscribe(service))):
            lines += [f"        {act}: [", *(f'          "{subject}"' for subject in subjects), "        ]"]
        lines += ["      }", "    }"]
    return "\n".join([*lines, "  ]", "}"]) + "\n"


if __name__ == "__main__":
    print(authorization(), end="")
