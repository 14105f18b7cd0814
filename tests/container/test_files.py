"""The files that say how the container is built, run and scaled; nothing here has to be built."""

import re

import pytest
import yaml
from building import DOCKER, ROOT

COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
BUILDS = re.findall(
    r"docker build .*-f docker/Dockerfile .*",
    "\n".join(path.read_text() for path in (ROOT / "README.md", DOCKER / "Dockerfile")),
)


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_compose_gives_nothing_a_privilege(service):
    told = COMPOSE["services"][service]
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert not {"cap_add", "privileged"} & told.keys()


def test_every_build_is_told_its_revision():
    assert len(BUILDS) == 4
    assert all(" --build-arg REVISION " in each for each in BUILDS)
    assert COMPOSE["services"]["cellblock"]["build"]["args"] == ["REVISION"]
    for text in ((ROOT / "README.md").read_text(), (DOCKER / "compose.yaml").read_text()):
        assert "REVISION=$(git rev-parse HEAD)" in text


def test_what_the_autoscaler_needs_is_told_as_it_is():
    """The settings in its comment are such, and of the metric, the label and the port that the manifests have."""
    text = (DOCKER / "kubernetes/autoscaler.yaml").read_text()
    scrape, rules = (yaml.safe_load(settings(text, word)) for word in ("scrape_configs", "rules"))
    (metric,) = yaml.safe_load(text)["spec"]["metrics"]
    assert rules["rules"][0]["seriesQuery"].partition("{")[0] == metric["pods"]["metric"]["name"]
    assert f"/pods/*/{metric['pods']['metric']['name']}" in text
    (admitted,) = manifest("networkpolicy")["ingress"]
    ((label, value),) = admitted["from"][0]["podSelector"]["matchLabels"].items()
    assert f'{label}: "{value}"' in text
    kept = scrape["scrape_configs"][0]["relabel_configs"][0]
    (container,) = manifest("deployment")["template"]["spec"]["containers"]
    assert kept["regex"] == container["ports"][0]["name"]


def manifest(name):
    return yaml.safe_load((DOCKER / f"kubernetes/{name}.yaml").read_text())["spec"]


def settings(text, word):
    """A piece of YAML in a comment, from the line that begins with a word to the next empty one."""
    piece = re.search(rf"^#     {word}:.*?(?=^#$)", text, re.DOTALL | re.MULTILINE)
    return re.sub(r"^# {5}", "", piece[0], flags=re.MULTILINE)
