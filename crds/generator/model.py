"""Reads the CRD and wire schemas into a small model of C++ types.

A type is known by its name: the schema's `title`, or else the parent's name and the field's. The same name
in two places must mean the same schema, word for word; only the description of the place itself may differ.
"""
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

import names

LIMITS = ("minimum", "maximum", "exclusiveMinimum", "maxLength", "minItems", "maxItems", "maxProperties", "const")
API_REFERENCE = re.compile(r"^api\.json#/\$defs/([A-Za-z0-9]+)$")


class SchemaError(Exception):
    """A schema that cannot become C++; the message names the file and the field path."""


@dataclass
class TypeRef:
    """What a field holds."""
    kind: str                  # string integer number boolean timestamp duration quantity json named list map
    name: str = ""             # of a named type
    enum: bool = False         # the named type is an enum
    element: "TypeRef" = None  # of a list or map
    limits: dict = field(default_factory=dict)

    def named(self):
        """The name of the struct or enum that this reaches, or ''."""
        return self.element.named() if self.element else self.name


@dataclass
class Field:
    name: str
    type: TypeRef
    required: bool
    description: str


@dataclass
class Struct:
    name: str
    description: str
    fields: list
    module: str


@dataclass
class Enum:
    name: str
    description: str
    values: list
    module: str


class Model:
    """All types, each before those that use it."""

    def __init__(self):
        self.types = {}      # name -> Struct | Enum, in order of definition
        self.schemas = {}    # name -> (schema without its own description, where it was first met)
        self.users = {}      # name -> modules that mention it
        self.sources = {}    # module -> the file that it comes from
        self.namespaces = {"shared": "api"}  # module -> api or wire

    def add_crd(self, path):
        document = load(path)
        kind = document["spec"]["names"]["kind"]
        schema = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        root = {key: value for key, value in schema.items() if key not in ("x-kubernetes-validations", "title")}
        root["title"] = kind
        root["properties"] = {key: value for key, value in schema["properties"].items()
                              if key not in ("apiVersion", "kind", "metadata")}
        self._add_root(names.snake(kind), "api", root, Path(path).name)

    def add_wire(self, path):
        schema = load(path)
        self._add_root(names.snake(schema["title"]), "wire", schema, "wire/" + Path(path).name)

    def _add_root(self, module, namespace, schema, file):
        if module in self.namespaces:
            raise SchemaError(f"{file}: a second schema for {module}")
        self.sources[module], self.namespaces[module] = file, namespace
        self._type(schema, schema["title"], module, file)

    def _type(self, schema, fallback, module, where):
        """The TypeRef of a schema; defines the types met on the way."""
        if "$ref" in schema:
            return self._reference(schema["$ref"], module, where)
        limits = {key: schema[key] for key in LIMITS if key in schema}
        if schema.get("x-kubernetes-int-or-string"):
            return TypeRef("quantity", limits=limits)
        if "type" not in schema or schema.get("x-kubernetes-preserve-unknown-fields"):
            return TypeRef("json")
        kind = schema["type"]
        if kind == "object" and "additionalProperties" in schema:
            element = self._type(schema["additionalProperties"], fallback, module, where + ".*")
            return TypeRef("map", element=element, limits=limits)
        if kind == "object":
            return self._struct(schema, schema.get("title", fallback), module, where)
        if kind == "array":
            return TypeRef("list", element=self._type(schema["items"], fallback, module, where + "[]"), limits=limits)
        if kind == "string" and "enum" in schema:
            return self._enum(schema, schema.get("title", fallback), module, where)
        if kind == "string":
            kind = {"date-time": "timestamp", "duration": "duration"}.get(schema.get("format"), "string")
            if kind != "string":
                limits = {}
        elif kind not in ("integer", "number", "boolean"):
            raise SchemaError(f"{where}: type {kind!r} is not supported")
        return TypeRef(kind, limits=limits)

    def _reference(self, reference, module, where):
        match = API_REFERENCE.match(reference)
        name = match.group(1) if match else ""
        if name not in self.types:
            raise SchemaError(f"{where}: $ref {reference!r} does not name a type of a CRD (api.json#/$defs/<title>)")
        self.users[name].add(module)
        return TypeRef("named", name=name, enum=isinstance(self.types[name], Enum))

    def _struct(self, schema, name, module, where):
        if self._first_time(name, schema, module, where):
            required = set(schema.get("required", ()))
            fields = []
            for field_name, field_schema in schema.get("properties", {}).items():
                path = f"{where}.{field_name}" if not where.endswith(".yaml") else f"{where}: {field_name}"
                reference = self._type(field_schema, name + names.pascal(field_name), module, path)
                description = field_schema.get("description", "")
                fields.append(Field(field_name, reference, field_name in required, description))
            unknown = required - {f.name for f in fields}
            if unknown:
                raise SchemaError(f"{where}: required fields without a schema: {', '.join(sorted(unknown))}")
            self.types[name] = Struct(name, schema.get("description", ""), fields, module)
        return TypeRef("named", name=name)

    def _enum(self, schema, name, module, where):
        if self._first_time(name, schema, module, where):
            self.types[name] = Enum(name, schema.get("description", ""), list(schema["enum"]), module)
        return TypeRef("named", name=name, enum=True)

    def _first_time(self, name, schema, module, where):
        """False when the type is known; an error when it is known as something else."""
        shape = {key: value for key, value in schema.items() if key != "description"}
        if name not in self.schemas:
            self.schemas[name] = (shape, where)
            self.users[name] = {module}
            return True
        known, first = self.schemas[name]
        if known != shape:
            raise SchemaError(f"{where}: type {name} differs from the one at {first}, at {difference(known, shape)}")
        self._use_again(name, module)
        return False

    def _use_again(self, name, module):
        self.users[name].add(module)
        for other in self.dependencies(name):
            self._use_again(other, module)

    def dependencies(self, name):
        known = self.types[name]
        return [] if isinstance(known, Enum) else [n for n in (f.type.named() for f in known.fields) if n]

    def header_of(self, name):
        """The header that defines a type: its kind's, or shared.hpp once two schemas use it."""
        return self.types[name].module if len(self.users[name]) == 1 else "shared"

    def namespace_of(self, name):
        return self.namespaces[self.types[name].module]

    def finish(self):
        """Decides which types are shared. To be called once, after the last schema."""
        for name, users in self.users.items():
            contracts = {module for module in users if self.namespaces[module] == "wire"}
            if self.namespace_of(name) == "api" and contracts:
                users.add("shared")
            elif len(contracts) > 1:
                raise SchemaError(f"type {name} is defined by {' and '.join(sorted(contracts))}: give it two titles")
        # What a shared type needs is shared too; users come before what they use.
        for name in reversed(list(self.types)):
            if self.header_of(name) == "shared":
                for other in self.dependencies(name):
                    self.users[other].add("shared")


def load(path):
    """The document of a file; a YAML error names the file."""
    with open(path, encoding="utf-8") as stream:
        return yaml.safe_load(stream)


def difference(a, b, path=""):
    """The first path at which two schemas differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in list(a) + [k for k in b if k not in a]:
            if a.get(key) != b.get(key):
                return difference(a.get(key), b.get(key), f"{path}.{key}" if path else key)
    return f"{path}: {json.dumps(a)} here, {json.dumps(b)} there"
