"""The container's files fit together, and are what Docker Compose and Kubernetes take.

`docker/test` builds the container and runs it; this needs neither Docker nor a cluster.
"""

import copy
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from cellblock_service.api.keys import METRICS
from cellblock_service.application import create_app
from cellblock_service.server import worker_options
from cellblock_service.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
MANIFESTS = sorted((DOCKER / "kubernetes").glob("*.yaml"))


def manifest(name):
    return yaml.safe_load((DOCKER / f"kubernetes/{name}.yaml").read_text())


@pytest.fixture(scope="module")
def deployment():
    return manifest("deployment")


@pytest.fixture(scope="module")
def pod(deployment):
    return deployment["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


@pytest.fixture
def app(tmp_path):
    return create_app(settings := Settings(home=tmp_path), worker_options(settings))


def test_compose_can_put_its_secrets_where_they_are_wanted(compose):
    """It writes those that aren't files into the container, and refuses to where the root is read-only."""
    written = {name for name, secret in compose["secrets"].items() if "file" not in secret}
    read_only = [service for service in compose["services"].values() if service.get("read_only")]
    assert read_only
    assert all(written.isdisjoint(service.get("secrets", ())) for service in read_only)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_kubernetes_takes_it(path):
    kubernetes_validate.validate(yaml.safe_load(path.read_text()), kubernetes_validate.latest_version(), strict=True)


def test_a_word_that_kubernetes_does_not_know_is_noticed(deployment):
    wrong = copy.deepcopy(deployment)
    wrong["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRoot"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_docker_compose_takes_it():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*command, DOCKER / "compose.yaml"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def offences(pod):
    """What the Pod Security Standard `restricted` has against a pod."""
    found = [f"{name} of the host" for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name)]
    allowed = {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
    found += [f"volume {each['name']}" for each in pod.get("volumes", []) if not {*each} - {"name"} <= allowed]
    for container in (*pod["containers"], *pod.get("initContainers", []), *pod.get("ephemeralContainers", [])):
        # A container's own word counts, else the pod's.
        own = pod.get("securityContext", {}) | container.get("securityContext", {})
        capabilities = own.get("capabilities", {})
        rules = {
            "privileged": not own.get("privileged", False),
            "privilege escalation": own.get("allowPrivilegeEscalation") is False,
            "root": own.get("runAsNonRoot") is True and own.get("runAsUser") != 0,
            "seccomp": own.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
            "capabilities": "ALL" in capabilities.get("drop", [])
            and {*capabilities.get("add", [])} <= {"NET_BIND_SERVICE"},
            "proc mount": own.get("procMount", "Default") == "Default",
            "sysctls": not pod.get("securityContext", {}).get("sysctls"),
            "host ports": not any(port.get("hostPort") for port in container.get("ports", [])),
        }
        found += [rule for rule, holds in rules.items() if not holds]
    return found


def test_the_pod_keeps_to_the_restricted_standard(pod):
    assert offences(pod) == []
    labels = manifest("namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize(
    ("place", "name", "value", "offence"),
    [
        ("container", "allowPrivilegeEscalation", True, "privilege escalation"),
        ("container", "privileged", True, "privileged"),
        ("container", "capabilities", {"drop": ["NET_RAW"]}, "capabilities"),
        ("container", "capabilities", {"drop": ["ALL"], "add": ["SYS_PTRACE"]}, "capabilities"),
        ("pod", "runAsNonRoot", False, "root"),
        ("pod", "runAsUser", 0, "root"),
        ("pod", "seccompProfile", {"type": "Unconfined"}, "seccomp"),
        ("spec", "hostNetwork", True, "hostNetwork of the host"),
        ("spec", "volumes", [{"name": "root", "hostPath": {"path": "/"}}], "volume root"),
    ],
)
def test_what_the_standard_forbids_is_noticed(pod, place, name, value, offence):
    wrong = copy.deepcopy(pod)
    places = {
        "spec": wrong,
        "pod": wrong["securityContext"],
        "container": wrong["containers"][0]["securityContext"],
    }
    places[place][name] = value
    assert offences(wrong) == [offence]


def test_the_root_is_read_only_and_what_is_written_is_mounted(pod, compose):
    container = pod["containers"][0]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {each["mountPath"] for each in container["volumeMounts"]} == {"/var/lib/cellblock", "/tmp"}
    service = compose["services"]["cellblock"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert [each.partition(":")[0] for each in service["tmpfs"]] == ["/tmp"]


def test_pods_reach_nothing():
    policy = manifest("networkpolicy")["spec"]
    assert "Egress" in policy["policyTypes"]
    assert policy["egress"] == []
    assert policy["podSelector"] == manifest("deployment")["spec"]["selector"]


def test_the_autoscaler_asks_for_a_figure_there_is(app, deployment):
    scaler = manifest("autoscaler")["spec"]
    (metric,) = scaler["metrics"]
    assert metric["pods"]["metric"]["name"] in {each.name for each in app[METRICS]._gauges.watched}
    assert scaler["scaleTargetRef"]["name"] == deployment["metadata"]["name"]


def test_probes_ask_what_is_answered(app, pod):
    container = pod["containers"][0]
    asked = {container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "readiness", "liveness")}
    assert asked <= {resource.canonical for resource in app.router.resources()}


def test_running_blocks_may_end_before_they_are_killed(pod, compose):
    drain = Settings.model_fields["drain_s"].default
    pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > pause + drain
    assert int(compose["services"]["cellblock"]["stop_grace_period"].removesuffix("s")) > drain


def test_the_port_is_one(deployment, pod, compose):
    assert pod["containers"][0]["ports"][0]["containerPort"] == manifest("service")["spec"]["ports"][0]["port"] == 8765
    assert compose["services"]["node-red"]["environment"]["CELLBLOCK_URL"].endswith(":8765")
    (scraped,) = yaml.safe_load((DOCKER / "prometheus.yaml").read_text())["scrape_configs"]
    assert scraped["static_configs"][0]["targets"] == ["cellblock:8765"]


def test_every_variable_is_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    used = set()
    for path in (*DOCKER.glob("*ockerfile"), *MANIFESTS):
        used |= set(re.findall(r"\bCELLBLOCK_[A-Z_]+", path.read_text()))
    assert {name for name in used if f"`{name}`" not in readme} <= {"CELLBLOCK_TARGET"}


def test_versions_are_named():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"image.version={version} " in (DOCKER / "Dockerfile").read_text()
    assert manifest("deployment")["spec"]["template"]["spec"]["containers"][0]["image"] == f"cellblock:{version}"
    texts = [path.read_text() for path in (*DOCKER.glob("*ockerfile"), DOCKER / "compose.yaml")]
    foreign = re.findall(r"(?:BASE=|image: )([\w./-]+:[\w.-]+)", "\n".join(texts))
    assert len(foreign) >= 3
    assert not [each for each in foreign if each.endswith(":latest")]
