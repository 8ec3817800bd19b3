#!/usr/bin/python3
"""Prints as JSON: a key set, and tokens signed and not signed by it, made with PyJWT and jwcrypto."""

import base64
import json
import sys
import time

import jwt
from jwcrypto import jwk

NOW = int(time.time())
rsa = jwk.JWK.generate(kty="RSA", size=2048, kid="r1", use="sig")
ec = jwk.JWK.generate(kty="EC", crv="P-256", kid="e1", use="sig")
foreign = jwk.JWK.generate(kty="RSA", size=2048, kid="r1")


def private(key):
    return key.export_to_pem(private_key=True, password=None)


def token(key=rsa, algorithm="RS256", kid="r1", **claims):
    whole = {"sub": "alice", "iss": "https://login.example.org", "aud": "drawbridge", "exp": NOW + 3600, "jti": "t-1"}
    whole.update(claims)
    return jwt.encode({k: v for k, v in whole.items() if v is not None}, private(key), algorithm, headers={"kid": kid})


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


good = token()
public_pem = rsa.export_to_pem().decode()
tokens = {
    "good": good,
    "es256": token(ec, "ES256", "e1", sub="bob"),
    "expired": token(exp=NOW - 3600),
    "foreign": token(foreign),
    "other_audience": token(aud="elsewhere"),
    "other_issuer": token(iss="https://evil.example"),
    "admin": token(role="admin"),
    "user": token(role="user"),
    "t-2": token(jti="t-2", sub="carol"),
    "none": part({"alg": "none"}) + "." + good.split(".")[1] + ".",
    "unsigned": ".".join(good.split(".")[:2]) + ".",
    "confused": None,
}
# HS256 with the public key as secret, which PyJWT itself refuses to make.
import hashlib
import hmac

tokens["short"] = token(exp=int(time.time()) + 6, jti="t-short")
head = part({"alg": "HS256", "typ": "JWT", "kid": "r1"}) + "." + good.split(".")[1]
tokens["confused"] = head + "." + base64.urlsafe_b64encode(
    hmac.new(public_pem.encode(), head.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()

keys = {"keys": [json.loads(rsa.export_public()), json.loads(ec.export_public())]}
other_keys = {"keys": [json.loads(foreign.export_public())]}
json.dump({"jwks": json.dumps(keys), "other_jwks": json.dumps(other_keys), "pem": public_pem, "tokens": tokens}, sys.stdout)
