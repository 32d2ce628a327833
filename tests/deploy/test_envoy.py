"""The example of a proxy in front is one that Envoy takes, and agrees with what the services have."""

import re
import subprocess
import sys
from pathlib import Path

from libs.common.grpc.server import STREAMS_PER_CONNECTION
from libs.common.settings import CALLS, STREAMS
from tests.common.test_edge_server import certificates

EXAMPLE = Path(__file__).parents[2] / "deploy" / "envoy" / "envoy.yaml"


def test_envoy_takes_the_example(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    places = {"edge.crt": made.cert, "edge.key": made.key, "ca.crt": made.cert}
    text = EXAMPLE.read_text()
    for name, path in places.items():
        text = text.replace(f"/etc/hubao/tls/{name}", str(path))
    assert "/etc/hubao" not in text
    (tmp_path / "envoy.yaml").write_text(text)

    command = [str(Path(sys.executable).with_name("envoy")), "--mode", "validate", "-c", str(tmp_path / "envoy.yaml")]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert checked.returncode == 0, checked.stderr
    assert "OK" in checked.stdout + checked.stderr
    assert "deprecated" not in (checked.stdout + checked.stderr).lower()


def test_the_example_has_the_limits_of_the_services() -> None:
    text = EXAMPLE.read_text()

    assert set(re.findall(r"max_concurrent_streams: (\d+)", text)) == {str(STREAMS_PER_CONNECTION)}
    assert f"max_requests: {CALLS.in_all + STREAMS.in_all}," in text
