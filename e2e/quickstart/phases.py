"""The seven releases: what is changed, what must come of it, and what is shown."""
import dataclasses
import datetime
import time

from ask import ask, forced, stream
from fault_engine import FaultCounts, fault_backend
from evidence import decision_of, ended, metric_by_scorer, metric_line, short, telling_metric
from images import ENGINE, image_name
from kube import kubectl
from reach import pod_address
from release import Unexpected, latest_history, settled, status
from screen import pad

GOOD, DEGRADED = "image:///models/good.gguf", "image:///models/degraded.gguf"
ARGUMENTS = ["--parallel", "4", "--ctx-size", "4096", "--threads", "1"]
SIDE_BY_SIDE = ("My item arrived broken.", "환불은 언제까지 신청할 수 있나요?")
# A resident registration number with a right check digit; nobody's.
SLIP = ("What is the number on my card?", "It is 960101-1234561, is that right?", "960101-1234561")
STALE_FACTS = ("How long do I have to ask for a refund?", "보증 기간은 얼마인가요?")


@dataclasses.dataclass
class Outcome:
    name: str
    result: str = "Pending"
    seconds: float = 0.0
    newPods: int = 0
    decision: dict = dataclasses.field(default_factory=lambda: decision_of([]))
    candidateRequests: int = 0  # by users, while the phase lasted

    def to_json(self):
        return {"name": self.name, "result": self.result, "seconds": round(self.seconds, 1), "newPods": self.newPods,
                "decision": self.decision}


class Quickstart:
    """What the phases share: the screen, the release, the load."""

    def __init__(self, screen, release, load):
        self.screen = screen
        self.release = release
        self.load = load  # .read(), .address (host, port) once the Service is there
        self.outcomes = []
        self.failed_on_purpose = 0  # requests, by the fragile engine

    def begin(self, name, text):
        self.screen.heading(f"{len(self.outcomes) + 1}. {name}: {text}")
        self.release.new_heading()
        outcome = Outcome(name)
        self.outcomes.append(outcome)
        return Phase(self, outcome)


class Phase:
    def __init__(self, quickstart, outcome):
        self.quickstart = quickstart
        self.screen = quickstart.screen
        self.release = quickstart.release
        self.outcome = outcome
        self.began = time.monotonic()
        self.pods_before = self.release.engine_pod_uids()
        self.pods_seen = set(self.pods_before)
        self.requests_before = self.candidate_requests()
        self.last_run = status(self.release.object).get("lastRun", 0)
        self._looked = 0.0
        self.release.each_look = self.look

    def candidate_requests(self):
        return self.quickstart.load.read()["arms"].get("candidate", 0)

    def look(self, obj):
        """Counts engine pods, once a second: deleted ones were new as well."""
        if time.monotonic() - self._looked > 1:
            self._looked = time.monotonic()
            self.pods_seen |= self.release.engine_pod_uids()

    def patch(self, spec, shown):
        self.screen.line(f"  $ kubectl patch mdep support-bot --type merge -p '{shown}'")
        generation = self.release.patch(spec)
        self.release.wait_for("the new generation", lambda obj: obj["metadata"]["generation"] >= generation, 10)
        self.generation = generation

    def run_ended(self, obj):
        """The run that this phase began has ended, whatever came of it, and gateways have acknowledged."""
        now = status(obj)
        return (now.get("observedGeneration", 0) >= self.generation and now.get("lastRun", 0) > self.last_run
                and "run" not in now and now.get("phase") in ("Baking", "Healthy", "RolledBack"))

    @staticmethod
    def stuck(obj):
        waiting = status(obj).get("waitingFor", {})
        return status(obj).get("message") if waiting.get("kind") in ("Person", "Reference") else None

    def finish(self, obj, result, wanted):
        outcome = self.outcome
        outcome.result = result
        outcome.seconds = time.monotonic() - self.began
        self.pods_seen |= self.release.engine_pod_uids()
        outcome.newPods = len(self.pods_seen - self.pods_before)
        runs = self.release.eval_runs(status(obj).get("lastRun", 0))
        outcome.decision = decision_of(runs)
        # The load client writes its counts twice a second.
        time.sleep(0.6)
        outcome.candidateRequests = self.candidate_requests() - self.requests_before
        for run in ended(runs):
            self.screen.line(f"  gate {run['spec']['gate']} ({run['metadata']['name']}): {run['status']['phase']}")
            for metric in run["status"].get("metrics", []):
                self.screen.line(f"    {metric_line(metric)}")
        self.screen.line(f"  {result} after {outcome.seconds:.1f} s, {outcome.newPods} new engine pods, "
                         f"{outcome.candidateRequests} user requests met the candidate")
        if result != wanted:
            raise Unexpected(f"{outcome.name}: ended {result}, expected {wanted}: {status(obj).get('message')}")
        return runs

    def expect_history(self, wanted, seconds):
        obj = self.release.wait_for(wanted, self.run_ended, seconds, self.stuck)
        outcome = latest_history(obj).get("outcome", "?")
        return obj, self.finish(obj, outcome, wanted)

    def require(self, true, text):
        if not true:
            raise Unexpected(f"{self.outcome.name}: {text}")


def first_deploy(quickstart, apply_samples):
    phase = quickstart.begin("first-deploy", "a model, a prompt and a gate, where nothing was before")
    apply_samples()

    def rejected(obj):
        return status(obj).get("message") if status(obj).get("rejected") else None

    obj = phase.release.wait_for("Healthy", settled, 120, rejected)
    phase.finish(obj, "Healthy", "Healthy")
    phase.require(phase.outcome.newPods == 2, f"{phase.outcome.newPods} engine pods were made, expected 2")


def better_prompt(quickstart):
    phase = quickstart.begin("better-prompt", "a prompt that answers in the customer's language, on the same pods")
    phase.patch({"promptRef": {"name": "support-answer-v2"}}, '{"spec":{"promptRef":{"name":"support-answer-v2"}}}')
    phase.expect_history("Promoted", 90)
    phase.require(phase.outcome.newPods == 0, f"a change of the prompt made {phase.outcome.newPods} engine pods, expected 0")
    phase.require(phase.outcome.candidateRequests > 0, "no user met the candidate at weights 20 and 50")


def brief_prompt(quickstart):
    phase = quickstart.begin("brief-prompt", "\"be brief\": reads well, loses what answers must hold")
    phase.patch({"promptRef": {"name": "support-answer-v3"}}, '{"spec":{"promptRef":{"name":"support-answer-v3"}}}')
    phase.expect_history("RolledBack", 60)
    phase.require(phase.outcome.newPods == 0, f"a change of the prompt made {phase.outcome.newPods} engine pods, expected 0")
    phase.require(phase.outcome.candidateRequests == 0, f"{phase.outcome.candidateRequests} user requests met a rejected candidate")
    show_answers(phase, "support-answer-v3")


def show_answers(phase, prompt):
    """The same questions to stable, through the gateway, and under the rejected prompt, asked of an engine directly:
    the rejected revision has no way to users any more."""
    content = phase.release.kube.get("promptversions", phase.release.namespace, prompt)["spec"]["messages"][0]["content"]
    engine = next(pod for pod in phase.release.pods("engine") if pod["status"].get("podIP"))
    phase.screen.line(f"  {pad('question', 38)} {pad('stable, through the gateway', 67)} {prompt}, asked of an engine")
    for question in SIDE_BY_SIDE:
        stable, _ = ask(*phase.quickstart.load.address, "support-bot", question)
        brief, _ = ask(*pod_address(engine, 8080), "support-bot", question, system=content)
        phase.screen.line(f"  {pad(question, 38)} {pad(stable, 67)} {brief}")


def degraded_model(quickstart):
    phase = quickstart.begin("degraded-model", "a model that answers fast and politely, and with stale facts")
    answers = {}
    look = phase.look

    def look_and_ask(obj):
        """While the candidate's pod is there, what it says is kept for the screen."""
        look(obj)
        for pod in phase.release.pods("engine") if not answers else []:
            if pod["metadata"]["uid"] in phase.pods_before or not (address := pod_address(pod, 8080)):
                continue
            try:
                answers.update({q: ask(*address, "support-bot", q, system=stable_prompt(phase))[0]
                                for q in STALE_FACTS})
            except (OSError, ValueError):
                pass  # not listening yet

    phase.release.each_look = look_and_ask
    phase.patch({"promptRef": {"name": "support-answer-v2"}, "backend": {"pods": {"model": {"uri": DEGRADED}}}},
                '{"spec":{"promptRef":{"name":"support-answer-v2"},"backend":{"pods":{"model":{"uri":"%s"}}}}}' % DEGRADED)
    obj, runs = phase.expect_history("RolledBack", 90)
    phase.require(phase.outcome.newPods >= 1, "the model got no pod of its own")
    phase.require(phase.outcome.candidateRequests == 0, f"{phase.outcome.candidateRequests} user requests met a rejected candidate")
    phase.screen.line(f"  {pad('question', 42)} {pad('stable', 58)} candidate")
    for question, answer in answers.items():
        stable, _ = ask(*quickstart.load.address, "support-bot", question)
        phase.screen.line(f"  {pad(question, 42)} {pad(stable, 58)} {answer}")
    show_health_was_good(phase, runs)
    stable_hash = status(obj)["stable"]["servingHash"]
    phase.release.wait_for("the rejected model's engine to be scaled to 0",
                           lambda obj: other_engine_replicas(phase.release, stable_hash) == 0, 90)


def stable_prompt(phase):
    return phase.release.kube.get("promptversions", phase.release.namespace, "support-answer-v2")["spec"]["messages"][0]["content"]


def show_health_was_good(phase, runs):
    """Errors and latency of the candidate beside stable's: what a bare health check would have looked at."""
    run = ended(runs)[-1]
    latency, answers = metric_by_scorer(run, "latency"), telling_metric(run)
    phase.require(latency is not None, "the gate measured no latency")
    good = latency["verdict"] == "Successful" and answers["unscored"] == 0
    phase.screen.line(f"  {'its health was as good as stable’s' if good else 'its health'}: HTTP errors {answers['unscored']} of "
                      f"{answers['n']}, latency {short(latency.get('candidate'))} ms against {short(latency.get('stable'))} ms "
                      f"(not worse by {short(latency.get('margin'))} ms: {latency['verdict']})")
    phase.screen.line(f"  only the answers were worse: {answers['name']} {short(answers.get('candidate'))} against {short(answers.get('stable'))}")
    phase.require(answers["unscored"] == 0, f"{answers['unscored']} items of the candidate had no answer")


def other_engine_replicas(release, stable_serving_hash):
    """Replicas asked for of engines that are not stable's."""
    engines = release.kube.list("deployments", release.namespace,
                                f"llmops.dev/model-deployment={release.name},llmops.dev/component=engine")
    return sum(d["spec"]["replicas"] for d in engines
               if not stable_serving_hash.startswith(d["metadata"]["labels"]["llmops.dev/serving-hash"]))


def new_argument(quickstart):
    phase = quickstart.begin("new-engine-argument", "the good model again, with twice the context")
    arguments = ["--parallel", "4", "--ctx-size", "8192", "--threads", "1"]
    phase.patch({"backend": {"pods": {"model": {"uri": GOOD}, "engine": {"args": arguments}}}},
                '{"spec":{"backend":{"pods":{"model":{"uri":"%s"},"engine":{"args":["--parallel","4","--ctx-size","8192",'
                '"--threads","1"]}}}}}' % GOOD)
    obj, _ = phase.expect_history("Promoted", 120)
    phase.require(phase.outcome.newPods >= 2, f"{phase.outcome.newPods} engine pods were made, expected 2")
    phase.require(phase.outcome.candidateRequests > 0, "no user met the candidate at weights 20 and 50")
    stable_hash = status(obj)["stable"]["servingHash"]
    warm = other_engine_replicas(phase.release, stable_hash)
    phase.screen.line(f"  the old stable stays warm: {warm} engine pods asked for")
    phase.require(warm == 2 or status(phase.release.object).get("phase") == "Healthy", "the old stable is not warm while baking")
    phase.release.wait_for("the end of the bake, then for the old engine to be scaled down",
                           lambda o: settled(o) and other_engine_replicas(phase.release, stable_hash) == 0, 90)
    phase.screen.line("  $ kubectl get deployments -l llmops.dev/component=engine")
    for line in kubectl("get", "deployments", "-n", phase.release.namespace, "-l", "llmops.dev/component=engine").splitlines():
        phase.screen.line("  " + line)


def fragile_engine(quickstart):
    """It knows every answer of the golden set of 60, and breaks at the 70th question, as one does whose memory leaks."""
    phase = quickstart.begin("fragile-engine", "right answers to the whole golden set, and errors soon after it")
    faults = FaultCounts(phase.release)
    look = phase.look

    def look_at_faults(obj):
        look(obj)
        faults.look()

    phase.release.each_look = look_at_faults
    fragile = fault_backend(slots=8, faults_from_request=70, error_share=0.9, first_token="10ms", token_interval="1ms")["pods"]
    before = phase.quickstart.load.read()["failed"]
    phase.patch({"backend": {"pods": {"model": fragile["model"], "engine": fragile["engine"]}}},
                '{"spec":{"backend":{"pods":{"model":{"uri":"%s"},"engine":{"image":"%s","args":[…]}}}}}'
                % (fragile["model"]["uri"], fragile["engine"]["image"]))
    obj, _ = phase.expect_history("RolledBack", 120)
    failures = [entry for entry in phase.quickstart.load.read()["failures"] if entry["headers"].get("x-llmops-arm") == "candidate"]
    quickstart.failed_on_purpose = faults.failures()
    failed = phase.quickstart.load.read()["failed"] - before
    phase.require(phase.outcome.decision["gate"] == "support-live", f"decided by {phase.outcome.decision['gate']}, expected support-live")
    phase.require(failed <= quickstart.failed_on_purpose, f"{failed} requests failed, the engine failed {quickstart.failed_on_purpose}")
    phase.require(failures, "no user met a fault")
    # A rollback ends when every gateway has taken the candidate's weight away.
    ended_at = datetime.datetime.fromisoformat(latest_history(obj)["endTime"].replace("Z", "+00:00")).timestamp()
    phase.screen.line(f"  the golden set let it pass; {ended_at - failures[0]['t']:.1f} s from the first failed answer to weight 0 at every "
                      f"gateway; {failed} requests failed, all of them by the engine itself")
    phase.patch({"backend": {"pods": {"model": {"uri": GOOD}, "engine": {
        "image": image_name(ENGINE), "args": ["--parallel", "4", "--ctx-size", "8192", "--threads", "1"],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}}}}}}, "… what stable has again …")
    phase.release.wait_for("what the spec asks for and users have is the same", settled, 60)


def guardrail(quickstart, apply_guardrail):
    phase = quickstart.begin("guardrail", "personal data is masked in answers, on the same pods")
    question, slip, number = SLIP
    before, _ = stream(*quickstart.load.address, "support-bot", question, **forced(slip))
    phase.require(number in "".join(before), f"the engine did not say {number}: {''.join(before)}")
    apply_guardrail()
    phase.patch({"guardrailRefs": [{"name": "customer-data"}]}, '{"spec":{"guardrailRefs":[{"name":"customer-data"}]}}')
    phase.expect_history("Promoted", 90)
    phase.require(phase.outcome.newPods == 0, f"a guardrail made {phase.outcome.newPods} engine pods, expected 0")
    after, raw = stream(*quickstart.load.address, "support-bot", question, **forced(slip))
    phase.screen.line(f"  the engine says, token by token: {slip}")
    phase.screen.line(f"    before, in {len(before)} pieces: {''.join(before)}")
    phase.screen.line(f"    now, in {len(after)} pieces: {''.join(after)}")
    phase.require("".join(after) == slip.replace(number, "[RRN]"), f"the client read {''.join(after)}")
    phase.require(not any(part in raw for part in (number.encode(), number[:6].encode(), number[7:].encode())),
                  "a part of the number reached the client")
