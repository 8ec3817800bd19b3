#!/usr/bin/python3
"""Prints what jwt_test and key_set_test are to judge, made by libraries that are not ours, as one JSON object with `now`
(seconds), `tokens` and `key_sets`. A token's case says how the verifier is configured, the token, and the reason word that
is expected, or "admitted". What these libraries refuse to make is put together by hand."""

import base64
import datetime
import hashlib
import hmac
import json

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwcrypto import jwe, jwk

NOW = 1_700_000_000
CLAIMS = {"sub": "alice", "iss": "https://id.example", "aud": "bridge", "exp": NOW + 600, "jti": "t-1"}
SECRET = "a secret of sixty-four bytes, which is what HS512 asks for: 123456"

rsa_key = rsa.generate_private_key(65537, 2048)
other_rsa_key = rsa.generate_private_key(65537, 2048)
weak_rsa_key = rsa.generate_private_key(65537, 1024)
p256 = ec.generate_private_key(ec.SECP256R1())
other_p256 = ec.generate_private_key(ec.SECP256R1())
p384 = ec.generate_private_key(ec.SECP384R1())
p521 = ec.generate_private_key(ec.SECP521R1())
secp256k1 = ec.generate_private_key(ec.SECP256K1())


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


def pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()).decode()


def certificate(key):
    """Self-signed and expired: of a certificate only the key counts."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "id.example")])
    then = datetime.datetime(2020, 1, 1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, then, then + datetime.timedelta(1))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def public(key, kid=None, **members):
    """The public JWK, without the thumbprint that jwcrypto gives as kid."""
    made = jwk.JWK.from_pyca(key.public_key()).export_public(as_dict=True)
    made.pop("kid", None)
    if kid is not None:
        made["kid"] = kid
    return {**made, **members}


def oct(secret, **members):
    return {"kty": "oct", "k": b64(secret), **members}


def jwks(*keys):
    return json.dumps({"keys": list(keys)})


SET = jwks(public(rsa_key, "rsa"), public(p256, "p256"), public(p384, "p384"), public(p521, "p521"),
           oct(SECRET, kid="hmac"))
ALL = [f"{family}{size}" for family in ("RS", "PS", "ES", "HS") for size in (256, 384, 512)]
KEY_OF = {"RS": (rsa_key, "rsa"), "PS": (rsa_key, "rsa"), "HS": (SECRET, "hmac")}
EC_KEY_OF = {"ES256": (p256, "p256"), "ES384": (p384, "p384"), "ES512": (p521, "p521")}

tokens = []
key_sets = []


def case(name, token, expected="credential_invalid", **config):
    assert name not in [other["name"] for other in tokens], name
    tokens.append({"name": name, "kind": "jwks", "keys": SET, "algorithms": ALL, **config, "token": token,
                   "expected": expected})


def key_set(name, kind, keys, why="", algorithms=ALL):
    """`why`: a part of what is said of a refused set; empty if it is good."""
    key_sets.append({"name": name, "kind": kind, "keys": keys, "algorithms": algorithms, "why": why})


def hs256(signing_input, secret=SECRET):
    key = secret.encode() if isinstance(secret, str) else secret
    return b64(hmac.new(key, signing_input.encode(), hashlib.sha256).digest())


def by_hand(header, claims, secret=SECRET):
    """An HS256 signature over any texts at all; dicts become JSON."""
    parts = [b64(part if isinstance(part, (str, bytes)) else json.dumps(part)) for part in (header, claims)]
    signing_input = ".".join(parts)
    return f"{signing_input}.{hs256(signing_input, secret)}"


HS = {"alg": "HS256", "kid": "hmac"}


def with_claims(**changes):
    """Good claims with changes; None takes a claim away."""
    return {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}


def signed(**changes):
    return by_hand(HS, with_claims(**changes))


def raw_claims(text):
    """Claims to which JSON text is added that Python would not write."""
    return json.dumps(CLAIMS)[:-1] + ", " + text + "}"


def key_for(algorithm):
    return EC_KEY_OF.get(algorithm) or KEY_OF[algorithm[:2]]


def good_tokens():
    for algorithm in ALL:
        key, kid = key_for(algorithm)
        case(f"{algorithm}", jwt.encode(CLAIMS, key, algorithm, headers={"kid": kid}), "admitted")
        case(f"{algorithm} without kid", jwt.encode(CLAIMS, key, algorithm), "admitted")
        case(f"{algorithm} not allowed", jwt.encode(CLAIMS, key, algorithm, headers={"kid": kid}),
             algorithms=[other for other in ALL if other != algorithm])
        if isinstance(key, str):
            case(f"{algorithm} from a file", jwt.encode(CLAIMS, key, algorithm), "admitted", kind="secret_file",
                 keys=SECRET + "\n", algorithms=[algorithm])
        else:
            case(f"{algorithm} from PEM", jwt.encode(CLAIMS, key, algorithm, headers={"kid": "any"}), "admitted",
                 kind="pem_file", keys=pem(p256) + pem(p384) + pem(p521) + pem(rsa_key), algorithms=[algorithm])
    case("by the key of a certificate", jwt.encode(CLAIMS, p384, "ES384"), "admitted", kind="pem_file",
         keys=certificate(rsa_key) + certificate(p384))
    made = jwt.encode(CLAIMS, rsa_key, "RS256", headers={"kid": "rsa", "typ": "at+jwt"})
    case("an access token by RFC 9068", made, "admitted")
    case("an application type", jwt.encode(CLAIMS, rsa_key, "RS256", headers={"typ": "application/at+JWT"}), "admitted")
    case("without typ", by_hand({"alg": "HS256"}, CLAIMS), "admitted")
    case("another typ", by_hand({**HS, "typ": "logout+jwt"}, CLAIMS))


def none_and_confusion():
    for spelling in ("none", "None", "NONE", "nOnE", "none ", "", "\u0000none", "hs256", "HS256 ", "HS256\u0000",
                     "HS1", "dir"):
        header = {"alg": spelling, "kid": "hmac"}
        case(f"alg {spelling!r} unsigned", f"{b64(json.dumps(header))}.{b64(json.dumps(CLAIMS))}.")
        case(f"alg {spelling!r} with an HMAC", by_hand(header, CLAIMS))
    for value in (None, True, 1, ["HS256"], {"HS256": 1}):
        case(f"alg of another type: {value!r}", by_hand({"alg": value, "kid": "hmac"}, CLAIMS))
    case("no alg", by_hand({"kid": "hmac"}, CLAIMS))
    case("none, allowed or not", jwt.encode(CLAIMS, None, "none"), algorithms=["RS256"])
    case("an empty signature", by_hand(HS, CLAIMS).rsplit(".", 1)[0] + ".")
    case("no signature at all", by_hand(HS, CLAIMS).rsplit(".", 1)[0])
    for key, kid in ((rsa_key, "rsa"), (p256, "p256")):
        numbers = public(key)
        materials = {"PEM": pem(key), "PEM without its last line end": pem(key).rstrip("\n"),
                     "JWK": json.dumps(public(key, kid)),
                     "n or x": base64.urlsafe_b64decode((numbers.get("n") or numbers.get("x")) + "==")}
        for what, material in materials.items():
            case(f"the {kid} key's {what} as a secret", by_hand({"alg": "HS256", "kid": kid}, CLAIMS, material))
            case(f"the {kid} key's {what} as a secret, PEM file", by_hand({"alg": "HS256"}, CLAIMS, material),
                 kind="pem_file", keys=pem(key))
    for algorithm in ("RS256", "PS256", "ES256"):
        signing_input = f"{b64(json.dumps({'alg': algorithm, 'kid': 'hmac'}))}.{b64(json.dumps(CLAIMS))}"
        case(f"{algorithm} by the kid of a secret, with its HMAC", f"{signing_input}.{hs256(signing_input)}")
    case("RS256 signature said to be PS256", swap_alg("RS256", "PS256", rsa_key))
    case("PS256 signature said to be RS256", swap_alg("PS256", "RS256", rsa_key))
    case("RS256 signature said to be RS512", swap_alg("RS256", "RS512", rsa_key))
    key = public(rsa_key, "rsa", alg="RS256")
    case("an alg other than the key's own", jwt.encode(CLAIMS, rsa_key, "RS384", headers={"kid": "rsa"}),
         keys=jwks(key))
    case("the key's own alg", jwt.encode(CLAIMS, rsa_key, "RS256", headers={"kid": "rsa"}), "admitted", keys=jwks(key))


def swap_alg(signed_by, said, key):
    """Signed as `signed_by` over a header that says otherwise."""
    header = b64(json.dumps({"alg": said}))
    signing_input = f"{header}.{b64(json.dumps(CLAIMS))}"
    signer = jwt.algorithms.get_default_algorithms()[signed_by]
    return f"{signing_input}.{b64(signer.sign(signing_input.encode(), key))}"


def kids():
    for name, kid in {"unknown": "nobody", "empty": "", "path": "../../../../dev/null",
                      "SQL": "x' UNION SELECT 'secret' -- ",
                      "command": "|id", "other case": "HMAC", "prefix": "hma", "NUL": "hmac\u0000",
                      "key of another type": "rsa",
                      "very long": "k" * 257, "number": 1, "null": None, "list": ["hmac"],
                      "object": {"kid": "hmac"}}.items():
        case(f"kid: {name}", by_hand({"alg": "HS256", "kid": kid}, CLAIMS))
    case("a kid that is as long as may be", by_hand({"alg": "HS256", "kid": "k" * 256}, CLAIMS), "admitted",
         keys=jwks(oct(SECRET, kid="k" * 256)))
    many = [oct(f"{i:064}", kid=f"{i}") for i in range(9)]
    case("the fourth key without kid", by_hand({"alg": "HS256"}, CLAIMS, f"{3:064}"), "admitted", keys=jwks(*many))
    case("the fifth key without kid", by_hand({"alg": "HS256"}, CLAIMS, f"{4:064}"), keys=jwks(*many))
    case("the ninth key by its kid", by_hand({"alg": "HS256", "kid": "8"}, CLAIMS, f"{8:064}"), "admitted",
         keys=jwks(*many))
    case("keys of one kid and two types", jwt.encode(CLAIMS, p256, "ES256", headers={"kid": "k"}), "admitted",
         keys=jwks(public(rsa_key, "k"), public(p256, "k")))


def headers():
    attacker = other_rsa_key
    offered = {"jwk": public(attacker), "jku": "https://evil.example/keys", "x5u": "https://evil.example/chain",
               "x5c": ["MIIB"], "x5t": "AAAA"}
    for name, value in offered.items():
        made = jwt.encode(CLAIMS, attacker, "RS256", headers={"kid": "rsa", name: value})
        case(f"signed by the key of its own {name}", made)
        case(f"{name} is ignored", jwt.encode(CLAIMS, rsa_key, "RS256", headers={"kid": "rsa", name: value}),
             "admitted")
    secret = "the attacker's own secret, which is long enough for the algorithm"
    case("signed by the secret of its own jwk", by_hand({**HS, "jwk": oct(secret)}, CLAIMS, secret))
    for name, value in (("crit", ["exp"]), ("crit", []), ("b64", False), ("b64", True), ("zip", "DEF")):
        case(f"header: {name} {value}", by_hand({**HS, name: value}, CLAIMS))
    case("b64=false and crit", by_hand({**HS, "b64": False, "crit": ["b64"]}, CLAIMS))
    inner = by_hand(HS, CLAIMS)
    for content in ("JWT", "jwt", "application/jwt", 1):
        case(f"nested, cty {content!r}", by_hand({**HS, "cty": content}, inner))
        case(f"claims with cty {content!r}", by_hand({**HS, "cty": content}, CLAIMS))
    case("nested without cty", by_hand(HS, inner))
    case("nested as a JSON text", by_hand(HS, json.dumps(inner)))
    case("cty of something else", by_hand({**HS, "cty": "json"}, CLAIMS), "admitted")
    for name, text in {"alg twice": '{"alg":"HS256","alg":"HS256"}',
                       "alg twice, none first": '{"alg":"none","alg":"HS256"}',
                       "alg twice, escaped": '{"alg":"HS256","\\u0061lg":"none"}',
                       "kid twice": '{"alg":"HS256","kid":"hmac","kid":"hmac"}',
                       "a name twice deep below": '{"alg":"HS256","x":[{"a":1,"a":2}]}', "a list": '["HS256"]',
                       "a text": '"HS256"',
                       "empty": "", "no JSON": "HS256", "JSON and more": '{"alg":"HS256"}x',
                       "two objects": '{"alg":"HS256"}{}',
                       "a comment": '{"alg":"HS256"/**/}', "a trailing comma": '{"alg":"HS256",}',
                       "a byte order mark": '\ufeff{"alg":"HS256"}',
                       "nested too deeply": '{"alg":"HS256","x":' + "[" * 16 + "]" * 16 + "}"}.items():
        case(f"header: {name}", by_hand(text, CLAIMS))
    case("header nested as deep as may be", by_hand('{"alg":"HS256","x":' + "[" * 15 + "]" * 15 + "}", CLAIMS),
         "admitted")
    case("header: invalid UTF-8", by_hand(b'{"alg":"HS256","x":"\xff"}', CLAIMS))
    case("header: NUL behind it", by_hand(b'{"alg":"HS256"}\0', CLAIMS))


def forms():
    good = by_hand(HS, CLAIMS)
    header, claims, signature = good.split(".")
    case("good by hand", good, "admitted")
    for name, token in {"empty": "", "dots": "..", "one dot": ".", "many dots": "." * 100, "a dot before": "." + good,
                        "a dot behind": good + ".", "an empty part between": f"{header}..{claims}.{signature}",
                        "a space before": " " + good, "a space behind": good + " ", "a line end behind": good + "\n",
                        "a line end within": f"{header}.{claims[:8]}\n{claims[8:]}.{signature}",
                        "NUL behind": good + "\0",
                        "Bearer before": "Bearer " + good, "padding": good + "=",
                        "padded header": f"{header}=.{claims}.{signature}",
                        "parts in another order": f"{claims}.{header}.{signature}", "not ASCII": good + "\u00e9",
                        "JSON serialization": json.dumps({"protected": header, "payload": claims,
                                                          "signature": signature})}.items():
        case(f"form: {name}", token)
    for cut in list(range(1, 6)) + [len(signature), len(signature) + 1, len(good) - 1]:
        case(f"form: cut by {cut}", good[:-cut])
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(signature[-1]) + 1]  # 32 bytes leave two bits of the last digit, which are 0
    case("form: bits behind the last byte", good[:-1] + last)
    # 64 + 1 digits hold no whole number of bytes.
    case("form: a length that cannot be", f"{header}.{claims}.{signature}AA")
    standard = by_hand(HS, with_claims(x="\u00ff\u00fe\u00bf???>>>~~~"))
    for plain, safe in (("+", "-"), ("/", "_")):
        if safe in standard:
            case(f"form: {plain} for {safe}", standard.replace(safe, plain))
    for size, expected in ((8192, "admitted"), (8193, "credential_invalid")):
        case(f"form: {size} bytes", token_of(size), expected)
    case("form: a million bytes", "A" * 1_000_000)
    changed = b64(json.dumps(with_claims(sub="mallory")))
    case("claims of another", f"{header}.{changed}.{signature}")
    encrypted = jwe.JWE(json.dumps(CLAIMS), json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM"}))
    encrypted.add_recipient(jwk.JWK.from_pyca(rsa_key.public_key()))
    case("encrypted", encrypted.serialize(compact=True))


def token_of(size):
    """A good token of exactly that many bytes: a header's length gives what the claims' cannot."""
    for pad in range(4):
        for fill in range(size // 2, size):
            token = by_hand({**HS, "x": "x" * pad}, {**CLAIMS, "x": "x" * fill})
            if len(token) == size:
                return token
            if len(token) > size:
                break
    raise ValueError(size)


def signatures():
    for algorithm, other in {"RS256": other_rsa_key, "PS256": other_rsa_key, "ES256": other_p256,
                             "HS256": SECRET[::-1]}.items():
        kid = key_for(algorithm)[1]
        case(f"{algorithm} by another key", jwt.encode(CLAIMS, other, algorithm, headers={"kid": kid}))
        case(f"{algorithm} by another key, expired", jwt.encode(with_claims(exp=NOW - 600), other, algorithm,
                                                                headers={"kid": kid}))
        case(f"{algorithm} by another key, not permitted", jwt.encode(CLAIMS, other, algorithm, headers={"kid": kid}),
             require=[{"claim": "role", "values": ["admin"]}])
        size = len(jwt.encode(CLAIMS, other, algorithm).rsplit(".", 1)[1])
        head = jwt.encode(CLAIMS, other, algorithm, headers={"kid": kid}).rsplit(".", 1)[0]
        case(f"{algorithm} of zeros", f"{head}.{'A' * size}")
        case(f"{algorithm} of one byte", f"{head}.AA")
        case(f"{algorithm} of 4 KiB", f"{head}.{'A' * 4096}")

    head = jwt.encode(CLAIMS, p256, "ES256", headers={"kid": "p256"}).rsplit(".", 1)[0]
    der = p256.sign(head.encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    case("ES256 by hand", f"{head}.{b64(raw)}", "admitted")
    case("ES256 in DER", f"{head}.{b64(der)}")
    case("ES256 with zeros between", f"{head}.{b64(r.to_bytes(33, 'big') + s.to_bytes(33, 'big'))}")
    case("ES256 with a byte behind", f"{head}.{b64(raw + b'x')}")
    case("ES256 with r and s swapped", f"{head}.{b64(raw[32:] + raw[:32])}")
    for name, numbers in {"r = n, s = n": (order, order), "r = 1, s = 0": (1, 0), "r = 0, s = 1": (0, 1),
                          "r + n": ((r + order) % 2**256, s)}.items():
        case(f"ES256 with {name}", f"{head}.{b64(b''.join(number.to_bytes(32, 'big') for number in numbers))}")
    case("ES256 said by a P-384 key", jwt_es(p384, "ES256", "p384", hashes.SHA256(), 48))
    case("ES384 said by a P-256 key", jwt_es(p256, "ES384", "p256", hashes.SHA384(), 32))
    case("ES256 by secp256k1", jwt_es(secp256k1, "ES256", "p256", hashes.SHA256(), 32))

    head = jwt.encode(CLAIMS, rsa_key, "PS256", headers={"kid": "rsa"}).rsplit(".", 1)[0]
    for name, scheme in {"a salt of another length": padding.PSS(padding.MGF1(hashes.SHA256()), 20),
                         "another mask": padding.PSS(padding.MGF1(hashes.SHA1()), 32)}.items():
        case(f"PS256 with {name}", f"{head}.{b64(rsa_key.sign(head.encode(), scheme, hashes.SHA256()))}")
    head = jwt.encode(CLAIMS, rsa_key, "RS256", headers={"kid": "rsa"}).rsplit(".", 1)[0]
    signature = rsa_key.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256())
    case("RS256 with a zero before", f"{head}.{b64(bytes(1) + signature)}")
    case("RS256 over SHA-1", f"{head}.{b64(rsa_key.sign(head.encode(), padding.PKCS1v15(), hashes.SHA1()))}")


def jwt_es(key, algorithm, kid, digest, size):
    head = f"{b64(json.dumps({'alg': algorithm, 'kid': kid}))}.{b64(json.dumps(CLAIMS))}"
    r, s = decode_dss_signature(key.sign(head.encode(), ec.ECDSA(digest)))
    return f"{head}.{b64(r.to_bytes(size, 'big') + s.to_bytes(size, 'big'))}"


def times():
    case("exp: the last second, leeway included", signed(exp=NOW - 29), "admitted")
    case("exp: over", signed(exp=NOW - 30), "credential_expired")
    case("exp: long over", signed(exp=0), "credential_expired")
    case("exp: over without leeway", signed(exp=NOW), "credential_expired", leeway=0)
    case("exp: a fraction", signed(exp=NOW + 0.5), "admitted")
    case("exp: the end of the year 9999", signed(exp=253402300799), "admitted")
    case("exp: after that", signed(exp=253402300800))
    case("exp: missing", signed(exp=None))
    for name, text in {"text": '"1800000000"', "null": "null", "true": "true", "list": "[1800000000]",
                       "negative": "-1", "1e400": "1e400",
                       "-1e400": "-1e400", "2^64": "18446744073709551616", "2^63": "9223372036854775808",
                       "-2^63": "-9223372036854775808",
                       "NaN": "NaN", "Infinity": "Infinity", "1e18": "1e18"}.items():
        for claim in ("exp", "nbf", "iat"):
            without = {key: value for key, value in CLAIMS.items() if key != claim}
            case(f"{claim}: {name}", by_hand(HS, json.dumps(without)[:-1] + f', "{claim}": {text}}}'))
    case("exp: 1.8e9", by_hand(HS, json.dumps(with_claims(exp=None))[:-1] + ', "exp": 1.8e9}'), "admitted")
    for claim in ("nbf", "iat"):
        case(f"{claim}: now", signed(**{claim: NOW}), "admitted")
        case(f"{claim}: within leeway", signed(**{claim: NOW + 30}), "admitted")
        case(f"{claim}: in the future", signed(**{claim: NOW + 31}))
    case("expired and of another issuer", signed(exp=NOW - 600, iss="https://evil.example"),
         issuers=["https://id.example"])


def parties():
    ours = {"issuers": ["https://id.example", "https://id.example/b"], "audiences": ["bridge", "other"]}
    case("issuer and audience", signed(), "admitted", **ours)
    for claim in ("iss", "aud"):
        for name, value in {"missing": None, "another": "https://evil.example", "empty": "", "number": 1,
                            "object": {"a": "bridge"},
                            "longer": CLAIMS[claim] + "/", "other case": CLAIMS[claim].upper(), "empty list": [],
                            "list in a list": [[CLAIMS[claim]]]}.items():
            case(f"{claim}: {name}", signed(**{claim: value}), **ours)
    case("aud: a list", signed(aud=["x", "bridge"]), "admitted", **ours)
    case("aud: a list without ours", signed(aud=["x", "y"]), **ours)
    case("iss: a list", signed(iss=["https://id.example"]), **ours)
    case("any issuer and audience", signed(iss=None, aud=None), "admitted")


def names():
    case("identity: a number", signed(sub=42), "admitted", identity_is="42")
    case("identity: 256 bytes", signed(sub="a" * 256), "admitted", identity_is="a" * 256)
    case("identity: not ASCII", signed(sub="zo\u00eb"), "admitted", identity_is="zo\u00eb")
    case("identity: another claim", signed(email="a@example.org"), "admitted", identity="email",
         identity_is="a@example.org")
    case("identity: within", signed(user={"name": "bob"}), "admitted", identity="user.name", identity_is="bob")
    for name, value in {"missing": None, "empty": "", "257 bytes": "a" * 257, "NUL": "alice\u0000",
                        "a line end": "alice\n", "DEL": "\u007f",
                        "escape": "\u001b[31m", "true": True, "fraction": 1.5, "list": ["alice"],
                        "object": {"name": "alice"}}.items():
        case(f"identity: {name}", signed(sub=value))
    case("jti: missing", signed(jti=None), "admitted")
    for name, value in {"number": 1, "257 bytes": "a" * 257, "empty": "", "list": ["a"], "a line end": "a\n"}.items():
        case(f"jti: {name}", signed(jti=value))


def requirements():
    def asks(claim, *values, prefix=False):
        return {"require": [{"claim": claim, "values": list(values), "prefix": prefix}]}

    keycloak = {"realm_access": {"roles": ["user", "desk"]}}
    case("require: a nested list", signed(**keycloak), "admitted", **asks("realm_access.roles", "admin", "desk"))
    case("require: a nested list without it", signed(**keycloak), "not_permitted",
         **asks("realm_access.roles", "admin"))
    case("require: not there", signed(), "not_permitted", **asks("role", "admin"))
    case("require: a word of scope", signed(scope="read write"), "admitted", **asks("scope", "write"))
    case("require: two of two", signed(role="a", scope="b"), "admitted",
         require=[{"claim": "role", "values": ["a"]}, {"claim": "scope", "values": ["b"]}])
    case("require: one of two", signed(role="a", scope="c"), "not_permitted",
         require=[{"claim": "role", "values": ["a"]}, {"claim": "scope", "values": ["b"]}])
    case("require: expired comes first", signed(exp=0), "credential_expired", **asks("role", "admin"))


def payloads():
    for name, text in {"a name twice": raw_claims('"sub": "mallory"'),
                       "a name twice, escaped": raw_claims('"s\\u0075b": "mallory"'),
                       "a name twice deep below": raw_claims('"x": [{"y": 1, "y": 1}]'),
                       "a list": json.dumps([CLAIMS]), "a text": '"alice"',
                       "empty": "", "a number": "1", "JSON and more": json.dumps(CLAIMS) + " x",
                       "two objects": json.dumps(CLAIMS) * 2,
                       "a lone surrogate": raw_claims('"x": "\\ud800"'), "single quotes": "{'sub': 'alice'}",
                       "nested too deeply": raw_claims('"x": ' + "[" * 16 + "]" * 16)}.items():
        case(f"claims: {name}", by_hand(HS, text))
    case("claims: invalid UTF-8", by_hand(HS, raw_claims('"x": "?"').encode().replace(b"?", b"\xc3\x28")))
    case("claims: NUL within", by_hand(HS, raw_claims('"x": "?"').encode().replace(b"?", b"\0")))
    case("claims: names that differ", by_hand(HS, raw_claims('"Sub": "mallory"')), "admitted")
    case("claims: blanks around", by_hand(HS, " \n" + json.dumps(CLAIMS) + "\r\n\t"), "admitted")


def sets():
    rsa_jwk = public(rsa_key)
    key_set("all types", "jwks", SET)
    key_set("PEM, one", "pem_file", pem(rsa_key))
    key_set("PEM, text around", "pem_file", "a key:\n" + pem(rsa_key) + "and another\n" + pem(p256))
    pkcs1 = rsa_key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
    key_set("PEM, PKCS #1", "pem_file", pkcs1.decode())
    key_set("PEM, unused ones left out", "pem_file", pem(secp256k1) + pem(rsa_key))
    key_set("PEM, none for the algorithm", "pem_file", pem(rsa_key), "no key", ["ES256"])
    key_set("PEM, curve of nobody", "pem_file", pem(secp256k1), "no key")
    key_set("PEM, private", "pem_file", private_pem(rsa_key), "private key")
    key_set("PEM, private behind", "pem_file", pem(rsa_key) + private_pem(p256), "private key")
    key_set("PEM, 1024 bits", "pem_file", pem(weak_rsa_key), "of 1024 bits")
    key_set("PEM, cut", "pem_file", pem(rsa_key)[:200], "block")
    key_set("PEM, second one cut", "pem_file", pem(rsa_key) + pem(rsa_key)[:200], "block 2")
    key_set("PEM, garbage", "pem_file", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "block 1")
    key_set("PEM, something else", "pem_file", "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n",
            "neither")
    key_set("PEM, empty", "pem_file", "", "no PEM")
    key_set("PEM, 64 keys", "pem_file", pem(p256) * 64)
    key_set("PEM, 65 keys", "pem_file", pem(p256) * 65, "more than 64")
    key_set("PEM, a secret's algorithm", "pem_file", pem(rsa_key), "no key", ["HS256"])

    key_set("secret, 32 bytes", "secret_file", "a" * 32, "", ["HS256"])
    key_set("secret, 32 bytes and a line end", "secret_file", "a" * 32 + "\n", "", ["HS256"])
    key_set("secret, 31 bytes and a line end", "secret_file", "a" * 31 + "\n", "needs 32", ["HS256"])
    key_set("secret, 31 bytes and two line ends", "secret_file", "a" * 31 + "\n\n", "", ["HS256"])
    for algorithm, size in (("HS384", 48), ("HS512", 64)):
        key_set(f"secret for {algorithm}", "secret_file", "a" * size, "", [algorithm])
        key_set(f"secret for {algorithm}, short", "secret_file", "a" * (size - 1), f"{algorithm} needs {size}",
                ["HS256", algorithm])
    key_set("secret, empty", "secret_file", "", "needs 32", ["HS256"])
    key_set("secret, long", "secret_file", "a" * 1025, "at most 1024", ["HS256"])
    key_set("secret, PEM", "secret_file", pem(rsa_key), "PEM", ["HS256"])
    key_set("secret, algorithms of keys", "secret_file", "a" * 64, "no key", ["RS256"])

    key_set("JWKS, empty", "jwks", jwks(), "no key")
    key_set("JWKS, a lone key", "jwks", json.dumps(rsa_jwk), "list of keys")
    key_set("JWKS, no JSON", "jwks", pem(rsa_key), "JSON")
    key_set("JWKS, a name twice", "jwks", '{"keys": [], "keys": []}', "twice")
    key_set("JWKS, no object", "jwks", '{"keys": [1]}', "key 1: it is no object")
    key_set("JWKS, encryption left out", "jwks", jwks(public(rsa_key, use="enc"), public(p256)))
    key_set("JWKS, only encryption", "jwks", jwks(public(rsa_key, use="enc")), "no key")
    key_set("JWKS, unknown types left out", "jwks", jwks({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, {"kty": "?"},
                                                         rsa_jwk))
    key_set("JWKS, only unknown types", "jwks", jwks({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}), "no key")
    key_set("JWKS, unknown alg left out", "jwks", jwks(public(rsa_key, alg="RSA-OAEP")), "no key")
    key_set("JWKS, for signing only", "jwks", jwks(public(rsa_key, key_ops=["sign"])), "no key")
    key_set("JWKS, for verifying", "jwks", jwks(public(rsa_key, key_ops=["verify"])))
    key_set("JWKS, key_ops malformed", "jwks", jwks(public(rsa_key, key_ops="verify")), "no key")
    for key in (rsa_key, p256):
        private = {**public(key), "d": jwk.JWK.from_pyca(key).export_private(as_dict=True)["d"]}
        key_set(f"JWKS, private {private['kty']}", "jwks", jwks(rsa_jwk, private), "key 2: it is a private key")
        key_set(f"JWKS, private {private['kty']} for others", "jwks", jwks(rsa_jwk, {**private, "use": "enc"}),
                "private key")
    key_set("JWKS, 1024 bits", "jwks", jwks(public(weak_rsa_key)), "of 1024 bits")
    zeros = b64(bytes(128) + base64.urlsafe_b64decode(public(weak_rsa_key)["n"] + "=="))
    key_set("JWKS, 1024 bits behind zeros", "jwks", jwks({**rsa_jwk, "n": zeros}), "of 1024 bits")
    key_set("JWKS, 16384 bits", "jwks", jwks({**rsa_jwk, "n": b64(b"\xff" * 2048)}), "of 16384 bits")
    key_set("JWKS, exponent 1", "jwks", jwks({**rsa_jwk, "e": "AQ"}), "exponent")
    key_set("JWKS, exponent 2", "jwks", jwks({**rsa_jwk, "e": "Ag"}), "exponent")
    key_set("JWKS, long exponent", "jwks", jwks({**rsa_jwk, "e": b64(b"\xff" * 9)}), "exponent")
    key_set("JWKS, even modulus", "jwks", jwks({**rsa_jwk, "n": b64(b"\xfe" * 256)}), "modulus")
    key_set("JWKS, no exponent", "jwks", jwks({k: v for k, v in rsa_jwk.items() if k != "e"}), "its e is missing")
    key_set("JWKS, padded modulus", "jwks", jwks({**rsa_jwk, "n": rsa_jwk["n"] + "=="}), "its n is missing")
    key_set("JWKS, modulus no text", "jwks", jwks({**rsa_jwk, "n": 1}), "its n")
    key_set("JWKS, off the curve", "jwks", jwks({**public(p256), "y": public(other_p256)["y"]}), "not on its curve")
    key_set("JWKS, another curve's point", "jwks", jwks({**public(p384), "crv": "P-256"}), "not on its curve")
    key_set("JWKS, the point zero", "jwks", jwks({**public(p256), "x": b64(bytes(32)), "y": b64(bytes(32))}),
            "not on its curve")
    key_set("JWKS, weak secret", "jwks", jwks(oct("a" * 63)), "HS512 needs 64")
    key_set("JWKS, secret for its alg", "jwks", jwks(oct("a" * 32, alg="HS256")))
    key_set("JWKS, empty secret", "jwks", jwks({"kty": "oct", "k": ""}), "its k")
    key_set("JWKS, kid twice", "jwks", jwks(public(rsa_key, "k"), public(other_rsa_key, "k")),
            "key 2: another of its type")
    key_set("JWKS, kid twice, one for others", "jwks", jwks(public(rsa_key, "k"), public(other_rsa_key, "k",
                                                                                         use="enc")))
    key_set("JWKS, kid no text", "jwks", jwks(public(rsa_key, 1)), "its kid")
    key_set("JWKS, long kid", "jwks", jwks(public(rsa_key, "k" * 257)), "its kid")
    key_set("JWKS, no kty", "jwks", jwks({"kid": "a"}), "kty")
    key_set("JWKS, 64 keys", "jwks", jwks(*[oct("a" * 64, kid=str(i)) for i in range(64)]))
    key_set("JWKS, 65 keys", "jwks", jwks(*[oct("a" * 64, kid=str(i)) for i in range(65)]), "more than 64")
    key_set("JWKS, 300 KiB", "jwks", SET + " " * (300 << 10), "larger than 256 KiB")
    key_set("unknown algorithm", "jwks", SET, "no algorithm none", ["RS256", "none"])


for part in (good_tokens, none_and_confusion, kids, headers, forms, signatures, times, parties, names, requirements,
             payloads, sets):
    part()
print(json.dumps({"now": NOW, "tokens": tokens, "key_sets": key_sets}))
