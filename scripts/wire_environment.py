"""What the scripts need that speak the wire format in another implementation than ours."""

import os
import pathlib
import re
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".build" / "wire-venv"
PACKAGES = [
    "grpcio-tools==1.*", "openapi-spec-validator==0.*", "cryptography", "requests",
    "schemathesis==4.*"]
STAMP = ENVIRONMENT / ("packages-" + "-".join(re.sub(r"\W", "", p) for p in PACKAGES))


def enter(script):
    """Runs a script again within a virtual environment that has what it needs."""
    if pathlib.Path(sys.prefix) == ENVIRONMENT:
        return
    python = ENVIRONMENT / "bin" / "python"
    if not STAMP.exists():
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        STAMP.touch()
    os.execv(python, [str(python), str(script), *sys.argv[1:]])


def compile_schema(output):
    """The messages of Schema/wire/thuan.proto, by Google's compiler."""
    from grpc_tools import protoc

    source = ROOT / "Schema" / "wire"
    if protoc.main(["protoc", f"-I{source}", f"--python_out={output}", str(source / "thuan.proto")]):
        sys.exit("thuan.proto does not compile")
    sys.path.insert(0, str(output))
    import thuan_pb2

    return thuan_pb2
