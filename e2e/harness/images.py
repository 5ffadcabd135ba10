"""The three images, built here and brought to where the cluster's nodes find them."""
import hashlib
import os
import shutil
import subprocess

from paths import BUILD, CURRENT, E2E, environment

PROGRAMS = ("llmops-operator", "llmops-gateway", "llmops-evaluator", "llmops")
# Where a cluster that is not this machine's pulls from, e.g. registry.example.com/team.
REGISTRY = os.environ.get("IMAGE_REGISTRY", "").rstrip("/") if CURRENT else ""
LOCAL = "localhost"
ENGINE = "llmops-engine:1"
FAULT_ENGINE = "llmops-fault-engine:1"


class CannotRun(Exception):
    """This machine cannot run the cluster, or the product is not built; the text says what to do."""


def run(command, what, **environ):
    """Shows what the script says as it comes; raises CannotRun when it fails."""
    done = subprocess.run(command, env={**environment(), **environ}, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise CannotRun(f"{what} failed (exit {done.returncode}): {' '.join(command)}")
    return done.stdout


def image_name(name):
    return f"{REGISTRY or LOCAL}/{name}"


def with_image_names(text):
    """A manifest of the samples as this cluster can run it."""
    return text.replace(f"{LOCAL}/llmops-", image_name("llmops-"))


def product_tag(build_dir):
    """A tag that follows from the programs, so that an unchanged build changes nothing in the cluster."""
    digest = hashlib.sha256()
    for name in PROGRAMS:
        path = os.path.join(build_dir, "bin", name)
        if not os.path.exists(path):
            raise CannotRun(f"{path} is not there; run make build")
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return "e2e-" + digest.hexdigest()[:12]


def load_images(build_dir=os.path.join(BUILD, "release"), tag=None):
    """Returns the tag of the product's image."""
    tag = tag or product_tag(build_dir)
    to = [] if CURRENT else ["--import"]
    product = run([os.path.join(E2E, "images", "product.sh"), build_dir, tag, *to], "the product's image")
    engine = run([os.path.join(E2E, "engine", "image.sh"), *to], "the engine's image")
    fault_engine = run([os.path.join(E2E, "fault_engine", "image.sh"), build_dir, *to], "the fault engine's image")
    if CURRENT:
        deliver = _deliverer()
        deliver(product.splitlines()[-1], f"llmops-operator:{tag}")
        deliver(engine.splitlines()[-1], ENGINE)
        deliver(fault_engine.splitlines()[-1], FAULT_ENGINE)
    return tag


def _deliverer():
    """What brings an archive to the nodes of the current context."""
    context = subprocess.run(["kubectl", "config", "current-context"], env=environment(), stdout=subprocess.PIPE, text=True).stdout.strip()
    if REGISTRY:
        if not shutil.which("skopeo", path=environment()["PATH"]):
            raise CannotRun("IMAGE_REGISTRY needs skopeo to push with: apt-get install skopeo")
        plain = REGISTRY.split("/")[0].split(":")[0] in ("localhost", "127.0.0.1")
        flags = ["--dest-tls-verify=false"] if plain else []
        return lambda archive, name: run(["skopeo", "copy", "--quiet", *flags, f"oci-archive:{archive}", f"docker://{image_name(name)}"],
                                         f"pushing {image_name(name)}")
    if context.startswith("kind-") and shutil.which("kind", path=environment()["PATH"]):
        return lambda archive, name: run(["kind", "load", "image-archive", archive, "--name", context.removeprefix("kind-")],
                                         f"loading {name} into {context}")
    raise CannotRun(f"the cluster of context {context or '(none)'} needs the images from somewhere: set IMAGE_REGISTRY to a registry "
                    "that you can push to and its nodes can pull from (kind is found by its context's name)")
