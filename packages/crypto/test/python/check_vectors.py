"""Gives the second reader every vector, and prints those that it reads otherwise.

The last line is JSON: how many were read, and the names of those that differ.
"""

import io
import json
import os
import sys
import unicodedata

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "../../../../docs/spec/reader"))
sys.dont_write_bytecode = True
import lifeboat_reader as reader  # noqa: E402


def vectors(name):
    with open(os.path.join(here, "../vectors", name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def outcome(run):
    try:
        return run()
    except reader.Failure as failure:
        return failure.code


def sealed(vector):
    data = bytes.fromhex(vector["sealed"])
    key = bytes.fromhex(vector["siteKey"])
    return b"".join(reader.unseal(io.BytesIO(data), lambda _: key, vector.get("kind"))).hex()


def secret(kind, text):
    if kind == "recovery":
        return reader.parse_recovery_code(text)
    return bytes.fromhex(text) if kind == "raw" else unicodedata.normalize("NFC", text).encode("utf-8")


def slot(vector):
    kind, text = vector["key"]["kind"], vector["key"]["secret"]
    return reader.open_key_block(vector["keyBlock"].encode("utf-8"), kind, secret(kind, text)).hex()


def site(vector):
    passphrase = vector["passphrase"]
    kind = None if passphrase is None else "passphrase"
    key = reader.open_site(vector["file"].encode("utf-8"), kind, secret(kind, passphrase or ""))
    return None if key is None else key.hex()


def document(vector):
    value, verify = reader.parse_document(bytes.fromhex(vector["bytes"]))
    if "siteId" in vector and value.get("siteId") != vector["siteId"]:
        raise reader.Failure("INCOMPATIBLE", "another site's")
    verify(vector["macKey"] and bytes.fromhex(vector["macKey"]), vector["type"], vector["id"])
    return value


def code(vector):
    return reader.parse_recovery_code(vector["typed"]).hex()


differ, count = [], 0


def check(file, read, answer):
    global count
    for vector in vectors(file):
        # A site that is opened without a key is a matter of the program's options; a
        # number written in another way is not this reader's to refuse.
        if vector.get("class") in ("unencrypted", "unusual"):
            continue
        count += 1
        wanted = vector.get("code") or vector.get(answer)
        if file == "recovery-codes.jsonl" and "secret" not in vector:
            wanted = "INVALID"
        found = outcome(lambda: read(vector))
        if found != wanted:
            differ.append(f"{vector['name']}: expected {wanted}, found {found}")


check("sealed.jsonl", sealed, "content")
check("slots.jsonl", slot, "siteKey")
check("sites.jsonl", site, "siteKey")
check("documents.jsonl", document, "value")
check("recovery-codes.jsonl", code, "secret")
print(json.dumps({"count": count, "differ": differ}))
