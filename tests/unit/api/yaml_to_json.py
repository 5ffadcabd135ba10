#!/usr/bin/env python3
"""yaml_to_json.py OUTPUT.json INPUT.yaml: for tests that read YAML files as JSON."""
import json
import sys

import yaml

with open(sys.argv[2], encoding="utf-8") as source, open(sys.argv[1], "w", encoding="utf-8") as target:
    json.dump(yaml.safe_load(source), target, ensure_ascii=False)
