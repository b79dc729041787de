"""A client of the hub that shares no code with ours: it enrols, signs and verifies after
Schema/wire/thuan.proto and Schema/api/openapi.yaml alone."""

import base64
import gzip
import hashlib
import hmac
import os
import time

import requests
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MEDIA_TYPE = "application/vnd.thuan+protobuf"


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def digest(body):
    return base64url(hashlib.sha256(body).digest())


def raw(public_key):
    return public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)


class Client:
    """An enrolled device."""

    def __init__(self, wire, url, code, label="check-api"):
        self.wire, self.url = wire, url
        self.key = ed25519.Ed25519PrivateKey.generate()
        letters = "".join(c for c in code.upper() if c.isalnum()).encode()
        secret = hashlib.sha256(b"thuan code secret\0" + letters).digest()
        request = wire.EnrolmentRequest(
            code_name=hashlib.sha256(b"thuan code name\0" + letters).digest(),
            public_key=raw(self.key.public_key()), label=label, protocol_version=1)
        before = request.SerializeToString()
        request.proof = hmac.digest(secret, b"device\0" + before, "sha256")
        answer = requests.post(
            url + "/v1/enrolments", data=request.SerializeToString(),
            headers={"Content-Type": MEDIA_TYPE}, timeout=20)
        assert answer.status_code == 200, answer.content
        reply = wire.EnrolmentReply.FromString(answer.content)
        proof, reply.proof = reply.proof, b""
        proven = b"hub\0" + request.public_key + reply.SerializeToString()
        assert hmac.compare_digest(proof, hmac.digest(secret, proven, "sha256")), "no hub of ours"
        self.device = reply.device
        self.hub_key = ed25519.Ed25519PublicKey.from_public_bytes(reply.hub_key)

    def signed(self, path, body, created=None, nonce=None):
        """The header of a request that is signed for this moment."""
        created = int(time.time()) if created is None else created
        nonce = nonce or base64url(os.urandom(8))
        statement = f"{self.device}.{created}.{nonce}.{digest(body)}"
        signature = self.key.sign(f"thuan request\n{path}\n{statement}".encode())
        return {"Authorization": f"Thuan {statement}.{base64url(signature)}"}

    def verify(self, answer, path, headers):
        """Gives an answer as it travelled; fails if it is not the hub's to that request."""
        travelled = answer.raw.read()
        start, signature = answer.headers["Authentication-Info"].split(",")
        assert start == "d=" + digest(travelled)[:11], "digest"
        credentials = headers["Authorization"].removeprefix("Thuan ")
        base = f"thuan answer\n{answer.status_code}\n{path}\n{credentials}\n{digest(travelled)}"
        signature = base64.urlsafe_b64decode(signature.removeprefix("s=") + "==")
        self.hub_key.verify(signature, base.encode())
        return travelled

    def post(self, path, body):
        """Asks, both ways compressed; gives the message."""
        body = gzip.compress(body)
        headers = self.signed(path, body)
        headers = headers | {"Accept-Encoding": "gzip", "Content-Encoding": "gzip"}
        # Digest and signature are of what travels, so nothing may unpack it on the way.
        answer = requests.post(self.url + path, data=body, headers=headers, timeout=20, stream=True)
        travelled = self.verify(answer, path, headers)
        return gzip.decompress(travelled) if "Content-Encoding" in answer.headers else travelled
