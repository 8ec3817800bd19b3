#!/usr/bin/python3
"""Prints as JSON: a key set, good tokens, and forged ones by the name of what they try."""

import base64
import hashlib
import hmac
import json
import sys
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec as curves
from cryptography.hazmat.primitives.asymmetric import padding, utils
from jwcrypto import jwk

NOW = int(time.time())
rsa = jwk.JWK.generate(kty="RSA", size=2048, kid="r1", use="sig")
ec = jwk.JWK.generate(kty="EC", crv="P-256", kid="e1", use="sig")
attacker = jwk.JWK.generate(kty="RSA", size=2048, kid="r1")
pem = rsa.export_to_pem().decode()


def b64(raw):
    return base64.urlsafe_b64encode(raw if isinstance(raw, bytes) else raw.encode()).rstrip(b"=").decode()


def rs256(text, key):
    return key.get_op_key("sign").sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())


def ps256(text, key):
    return key.get_op_key("sign").sign(text.encode(), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def es256_der(text, key):
    return key.get_op_key("sign").sign(text.encode(), curves.ECDSA(hashes.SHA256()))


def es256(text, key):
    r, s = utils.decode_dss_signature(es256_der(text, key))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def hs256(secret):
    secret = secret if isinstance(secret, bytes) else secret.encode()
    return lambda text, key: hmac.new(secret, text.encode(), hashlib.sha256).digest()


def claims(**changes):
    whole = {"sub": "alice", "iss": "https://login.example.org", "aud": "drawbridge", "exp": NOW + 3600, "jti": "t-1"}
    whole.update(changes)
    return {name: value for name, value in whole.items() if value is not None}


# Header and claims are what is to be written as JSON, or JSON as it is.
def token(header=None, payload=None, sign=rs256, key=rsa):
    header = {"alg": "RS256", "typ": "JWT", "kid": "r1"} if header is None else header
    payload = claims() if payload is None else payload
    text = ".".join(b64(part if isinstance(part, str) else json.dumps(part)) for part in (header, payload))
    return text + "." + b64(sign(text, key))


def headed(**more):
    return token(header={"alg": "RS256", "typ": "JWT", "kid": "r1", **more})


def said(**changes):
    return token(payload=claims(**changes))


def attackers(**more):
    header = {"alg": "RS256", "typ": "JWT", "kid": "r1", **more}
    return token(header={name: value for name, value in header.items() if value is not None}, key=attacker)


def nothing(text, key):
    return b""


good = token()
head, body, signature = good.split(".")
public = json.loads(attacker.export_public())
plain_claims = json.dumps(claims())
last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

forged = {
    "alg none": token({"alg": "none"}, sign=nothing),
    "alg NoNe": token({"alg": "NoNe", "kid": "r1"}, sign=nothing),
    "alg empty": token({"alg": "", "kid": "r1"}, sign=nothing),
    "alg missing": token({"kid": "r1"}),
    "alg a list": token({"alg": ["RS256", "none"], "kid": "r1"}),
    "alg in lower case": token({"alg": "rs256", "kid": "r1"}),
    "alg twice, none first": token('{"alg":"none","alg":"RS256","kid":"r1"}'),
    "alg twice, none last": token('{"alg":"RS256","alg":"none","kid":"r1"}'),
    "no signature": head + "." + body + ".",
    "two parts": head + "." + body,
    "four parts": good + "." + signature,
    "HS256 with the public PEM": token({"alg": "HS256", "kid": "r1"}, sign=hs256(pem)),
    "HS256 with the PEM's trimmed text": token({"alg": "HS256", "kid": "r1"}, sign=hs256(pem.strip())),
    "HS256 with the modulus": token({"alg": "HS256", "kid": "r1"}, sign=hs256(json.loads(rsa.export_public())["n"])),
    "HS256 with an empty secret": token({"alg": "HS256", "kid": "r1"}, sign=hs256("")),
    "HS256 and kid /dev/null": token({"alg": "HS256", "kid": "../../../dev/null"}, sign=hs256("")),
    "kid of SQL": token({"alg": "HS256", "kid": "x' UNION SELECT 'a"}, sign=hs256("a")),
    "kid of nobody": headed(kid="nobody"),
    "kid no text": headed(kid=1),
    "another's key, same kid": attackers(),
    "another's key, no kid": attackers(kid=None),
    "key in the header": attackers(jwk=public),
    "key at a URL": attackers(jku="https://evil.example/jwks.json"),
    "certificate in the header": attackers(x5c=["MIIB"]),
    "certificate at a URL": attackers(x5u="https://evil.example/c.pem"),
    "crit": headed(crit=["exp"], exp=NOW + 3600),
    "b64 false": headed(b64=False),
    "zip": headed(zip="DEF"),
    "typ of another purpose": headed(typ="secevent+jwt"),
    "a token in the token": headed(cty="JWT"),
    "PS256, not allowed": token({"alg": "PS256", "kid": "r1"}, sign=ps256),
    "ES256 claimed for RSA": token({"alg": "ES256", "kid": "r1"}),
    "RS256 claimed for EC": token({"alg": "RS256", "kid": "e1"}, sign=es256, key=ec),
    "ES256 of zeros": token({"alg": "ES256", "kid": "e1"}, sign=lambda text, key: bytes(64)),
    "ES256 as DER": token({"alg": "ES256", "kid": "e1"}, sign=es256_der, key=ec),
    "ES256 padded": token({"alg": "ES256", "kid": "e1"}, sign=lambda t, k: b"\0" + es256(t, k)[:32] + b"\0" + es256(t, k)[32:], key=ec),
    "signature cut short": head + "." + body + "." + signature[:-4],
    "signature with more behind": good + "AAAA",
    "signature spelt differently": good[:-1] + last[last.index(good[-1]) ^ 1],
    "other claims, same signature": head + "." + b64(json.dumps(claims(sub="root"))) + "." + signature,
    "signature padded": good + "==",
    "encrypted": ".".join([b64('{"alg":"dir","enc":"A256GCM"}'), "", "AAAA", "AAAA", "AAAA"]),
    "claims twice": token(payload=plain_claims[:-1] + ', "sub": "root"}'),
    "claims of another kind": token(payload="[]"),
    "claims with something behind": token(payload=plain_claims + "{}"),
    "no exp": said(exp=None),
    "exp as text": said(exp=str(NOW + 3600)),
    "exp for ever": token(payload=plain_claims.replace(str(NOW + 3600), "1e400")),
    "exp below zero": said(exp=-1),
    "nbf to come": said(nbf=NOW + 3600),
    "iat to come": said(iat=NOW + 3600),
    "no issuer": said(iss=None),
    "issuer a list": said(iss=["https://login.example.org"]),
    "issuer and more": said(iss="https://login.example.org.evil.example"),
    "no audience": said(aud=None),
    "audience a part": said(aud="draw"),
    "audience in capitals": said(aud="DRAWBRIDGE"),
    "no subject": said(sub=None),
    "subject empty": said(sub=""),
    "subject an object": said(sub={"sub": "root"}),
    "subject of two lines": said(sub="alice\n{\"event\":\"session\"}"),
}
keys = {"keys": [json.loads(rsa.export_public()), json.loads(ec.export_public())]}
json.dump({"jwks": json.dumps(keys), "good": good, "expired": said(exp=NOW - 3600), "forged": forged}, sys.stdout)
