"""Makes the tables beside it from an export of the OCSF schema (`schema.ocsf.io/VERSION/export/schema`), as it ships in the PyPI package
ocsf-json-schema: `python3 compact.py ocsf_json_schema/ocsf/1.8.0.json > 1.8.0.json`. Kept: what a producer must hold to."""

import json
import sys

CLASS = "detection_finding"
# The objects that Cordon makes; an attribute with another object is known by its name only.
OBJECTS = ["finding_info", "metadata", "product", "feature", "evidences", "observable", "attack", "technique", "sub_technique",
           "analytic", "remediation"]

schema = json.load(open(sys.argv[1]))


def compact(of):
    attributes = {}
    for name, attribute in sorted(of["attributes"].items()):
        one = {"type": attribute["type"], "requirement": attribute["requirement"]}
        if "object_type" in attribute:
            one["object"] = attribute["object_type"]
        if attribute.get("is_array"):
            one["array"] = True
        if attribute.get("sibling"):
            one["sibling"] = attribute["sibling"]
        profiles = attribute.get("profiles") or ([attribute["profile"]] if attribute.get("profile") else [])
        if profiles:
            one["profiles"] = profiles
        if "enum" in attribute:
            one["enum"] = {key: value["caption"] for key, value in attribute["enum"].items()}
        if "@deprecated" in attribute:
            one["deprecated"] = True
        attributes[name] = one
    found = {"attributes": attributes}
    if of.get("constraints"):
        found["constraints"] = of["constraints"]
    return found


event = compact(schema["classes"][CLASS])
objects = {name: compact(schema["objects"][name]) for name in OBJECTS}
about = "OCSF schema, https://github.com/ocsf/ocsf-schema, Apache License 2.0, the rules of one class and its objects; made by compact.py"
whole = {"about": about, "version": schema["version"], "class": event, "objects": objects}
lines = [f'  "about": {json.dumps(about)},', f'  "version": {json.dumps(schema["version"])},']


def table(of):
    rows = [f'      {json.dumps(name)}: {json.dumps(one)}' for name, one in of["attributes"].items()]
    constraints = f', "constraints": {json.dumps(of["constraints"])}' if "constraints" in of else ""
    return '{ "attributes": {\n' + ",\n".join(rows) + "\n    }" + constraints + " }"


lines.append(f'  "class": {table(event)},')
lines.append('  "objects": {\n' + ",\n".join(f'    {json.dumps(name)}: {table(of)}' for name, of in objects.items()) + "\n  }")
print("{\n" + "\n".join(lines) + "\n}")
