"""The cluster files: Ray accepts them, their versions are the package's, and they are closed."""

import re
import shlex
import tomllib

import pytest
import yaml
from building import REPOSITORY
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

CLUSTERS = REPOSITORY / "clusters"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
RAY = next(
    requirement.specifier
    for requirement in map(Requirement, PROJECT["optional-dependencies"]["sweep"])
    if requirement.name == "ray"
)
# Below this, a token that is set is no reason for Ray to ask for one.
TOKENS = SpecifierSet(">=2.59")


class CloudFormation(yaml.SafeLoader):
    """YAML with AWS's short forms of functions: `!Ref Name` becomes `Name`."""


CloudFormation.add_multi_constructor("!", lambda loader, suffix, node: node.value)


@pytest.fixture(scope="module")
def aws():
    return yaml.safe_load((CLUSTERS / "aws.yaml").read_text())


@pytest.fixture(scope="module")
def account():
    text = (CLUSTERS / "aws-account.yaml").read_text()
    # AWS reads no aliases.
    assert not any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, CloudFormation))
    return yaml.load(text, CloudFormation)["Resources"]


@pytest.fixture(scope="module")
def kubernetes():
    """The documents by kind."""
    documents = yaml.safe_load_all((CLUSTERS / "kuberay.yaml").read_text())
    return {document["kind"]: document for document in documents}


@pytest.fixture(scope="module")
def pods(kubernetes):
    """The head's and the workers' templates."""
    cluster = kubernetes["RayJob"]["spec"]["rayClusterSpec"]
    return [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]


def test_ray_accepts_the_file_for_aws(aws):
    util = pytest.importorskip("ray.autoscaler._private.util", reason="Ray is not installed")
    prepared = util.prepare_config(aws)
    # What the machines have is asked of AWS otherwise.
    prepared["available_node_types"]["worker"]["resources"] = {"CPU": 8}
    util.validate_config(prepared)
    assert prepared["available_node_types"]["head"]["max_workers"] == 0


def test_ray_s_own_check_finds_a_mistake(aws):
    util = pytest.importorskip("ray.autoscaler._private.util", reason="Ray is not installed")
    schema = pytest.importorskip("jsonschema")
    with pytest.raises(schema.ValidationError, match="max_wrokers"):
        util.validate_config(util.prepare_config(aws | {"max_wrokers": 4}))


def test_every_ray_start_is_a_right_one(aws):
    scripts = pytest.importorskip("ray.scripts.scripts", reason="Ray is not installed")
    commands = aws["head_start_ray_commands"] + aws["worker_start_ray_commands"]
    starts = [command.partition("ray start ")[2] for command in commands if "ray start" in command]
    head, worker = (scripts.start.make_context("start", shlex.split(each)) for each in starts)
    assert head.params["head"] and head.params["include_dashboard"] is False
    assert worker.params["address"] == f"$RAY_HEAD_IP:{head.params['port']}"


def test_one_version_of_ray_which_is_one_of_the_package_s(aws, kubernetes, pods):
    cluster = kubernetes["RayJob"]["spec"]["rayClusterSpec"]
    containers = [pod["template"]["spec"]["containers"][0] for pod in pods]
    texts = [*aws["setup_commands"], *(each for pod in containers for each in pod["command"])]
    versions = {cluster["rayVersion"]}
    versions |= {v for text in texts for v in re.findall(r"ray\[\w+\]==([\d.]+)", text)}
    versions |= {re.search(r":([\d.]+)-", container["image"])[1] for container in containers}
    assert len(versions) == 1
    assert all(RAY.contains(version) and TOKENS.contains(version) for version in versions)


def test_the_image_s_python_is_one_of_the_package_s(pods):
    for pod in pods:
        image = pod["template"]["spec"]["containers"][0]["image"]
        major, minor = re.search(r"-py(\d)(\d+)-", image).groups()
        assert SpecifierSet(PROJECT["requires-python"]).contains(f"{major}.{minor}")


def test_every_node_gets_the_package_the_data_and_the_token(aws, pods):
    everywhere = "\n".join(aws["setup_commands"])
    assert '"cnn-explainer[sweep] @ https://' in everywhere
    assert "cnn-explainer data prepare" in everywhere
    assert "RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$HOME/.ray/auth_token" in everywhere
    assert aws["file_mounts"] == {"/home/ubuntu/.ray/auth_token": "~/.ray/auth_token"}
    [command] = pods[0]["template"]["spec"]["containers"][0]["command"]
    assert '"cnn-explainer[sweep] @ https://' in command


def test_the_account_is_made_ready_in_the_cluster_s_region(aws):
    """In another one Ray makes a security group of its own, which lets in ssh from everywhere."""
    text = (CLUSTERS / "aws-account.yaml").read_text()
    [region] = {*re.findall(r"--region (\S+)", text)}
    assert region == aws["provider"]["region"]
    assert len(re.findall("aws cloudformation", text)) == len(re.findall("--region", text))


def test_no_trial_on_a_head_and_only_workers_may_be_taken_back(aws, pods):
    head, worker = (aws["available_node_types"][name] for name in ("head", "worker"))
    assert head["resources"] == {"CPU": 0} and "InstanceMarketOptions" not in head["node_config"]
    assert worker["node_config"]["InstanceMarketOptions"]["MarketType"] == "spot"
    assert 0 <= worker["min_workers"] < worker["max_workers"] == aws["max_workers"]
    assert pods[0]["rayStartParams"]["num-cpus"] == "0"


def test_what_the_account_has_is_what_the_cluster_asks_for(aws, account):
    types = aws["available_node_types"]
    asked = {name: types[name]["node_config"]["IamInstanceProfile"]["Name"] for name in types}
    profiles = {
        resource["Properties"]["InstanceProfileName"]
        for resource in account.values()
        if resource["Type"] == "AWS::IAM::InstanceProfile"
    }
    assert set(asked.values()) == profiles
    group = account["Group"]["Properties"]
    assert aws["provider"]["security_group"] == {"GroupName": group["GroupName"]}


def test_from_outside_only_ssh_from_one_address(aws, account):
    (rule,) = account["Group"]["Properties"]["SecurityGroupIngress"]
    assert (rule["FromPort"], rule["ToPort"], rule["CidrIp"]) == (22, 22, "Address")
    others = [r for r in account.values() if r["Type"] == "AWS::EC2::SecurityGroupIngress"]
    assert [r["Properties"]["SourceSecurityGroupId"] for r in others] == ["Group.GroupId"]
    # Ray would add rules of its own to a group that has none, and those that stand here.
    assert "IpPermissions" not in aws["provider"]["security_group"]
    assert "0.0.0.0/0" not in (CLUSTERS / "aws-account.yaml").read_text()


def test_workers_may_not_start_machines(account):
    assert "Policies" not in account["WorkerRole"]["Properties"]
    allowed = account["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {action.split(":")[0] for each in allowed for action in each["Action"]} == {"s3"}


def test_pods_are_reached_by_their_own_and_at_one_port_by_those_who_run_the_job(kubernetes, pods):
    policy = kubernetes["NetworkPolicy"]["spec"]
    label = policy["podSelector"]["matchLabels"]
    assert all(pod["template"]["metadata"]["labels"] == label for pod in pods)
    own, others = policy["ingress"]
    assert own == {"from": [{"podSelector": {"matchLabels": label}}]}
    assert others["ports"] == [{"protocol": "TCP", "port": 8265}]
    assert all(each["podSelector"]["matchLabels"] for each in others["from"])
    assert pods[0]["serviceType"] == "ClusterIP"
    containers = [pod["template"]["spec"]["containers"][0] for pod in pods]
    assert not any("ports" in container for container in containers)
    assert not any(pod["template"]["spec"].get("hostNetwork") for pod in pods)


def test_the_token_is_the_operator_s_and_no_file_holds_a_secret(kubernetes):
    cluster = kubernetes["RayJob"]["spec"]["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    assert "Secret" not in kubernetes
    for path in CLUSTERS.iterdir():
        text = path.read_text()
        assert not re.search(r"AKIA|(?i:secret_?key|password|auth_token:? *[=:] *['\"\w])", text)
        # A token of Ray's is 32 or more hexadecimal digits.
        assert not re.search(r"[0-9a-f]{32}", text)


def test_a_job_that_is_tried_again_goes_on_with_its_search(kubernetes):
    spec = kubernetes["RayJob"]["spec"]
    shell, option, script = shlex.split(spec["entrypoint"])
    first, second = (shlex.split(part) for part in script.split("||"))
    assert (shell, option) == ("bash", "-c")
    assert first == [*second, "--resume"]
    assert spec["shutdownAfterJobFinishes"] and spec["backoffLimit"] > 0


def test_what_has_to_outlive_a_pod_is_on_the_shared_volume(kubernetes, pods):
    claim = kubernetes["PersistentVolumeClaim"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for pod in pods:
        spec = pod["template"]["spec"]
        (container,) = spec["containers"]
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        names = {v["name"]: v["persistentVolumeClaim"]["claimName"] for v in spec["volumes"][:1]}
        assert names == {"shared": claim["metadata"]["name"]}
        values = {each["name"]: each["value"] for each in container["env"]}
        for name in ("CNN_EXPLAINER_HOME", "TFDS_DATA_DIR"):
            assert values[name].startswith(mounts["shared"] + "/")
    assert "--storage /shared/" in kubernetes["RayJob"]["spec"]["entrypoint"]


def test_the_commands_are_those_of_the_package(aws, kubernetes):
    """All that is called `cnn-explainer …`, in the comments, too."""
    from typer.main import get_command

    from cnn_explainer.cli import app

    texts = [(CLUSTERS / name).read_text() for name in ("aws.yaml", "kuberay.yaml")]
    sweep = get_command(app).commands["sweep"]
    options = {option for parameter in sweep.params for option in parameter.opts}
    used = [line for text in texts for line in re.findall(r"cnn-explainer sweep ([^\"|]*)", text)]
    assert len(used) == 3
    for line in used:
        assert set(re.findall(r"--[a-z-]+", line)) <= options
