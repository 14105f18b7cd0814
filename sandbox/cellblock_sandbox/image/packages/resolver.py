"""Choosing wheels that fit together. The search is resolvelib's, which pip uses; here is what it searches.

A package that has no candidate whatever doesn't make the search go back to older versions of what needs it, which
would end at releases too old to know that they need it. Its place is taken by its error; the search goes on, and
if the place is still needed at the end, the error is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from packaging.specifiers import SpecifierSet
from resolvelib import AbstractProvider, BaseReporter, Resolver
from resolvelib.resolvers import ResolutionImpossible, ResolutionTooDeep

from cellblock_sandbox.errors import BuildError, PackageDenied, VersionConflict
from cellblock_sandbox.image.packages import policy as rules
from cellblock_sandbox.image.packages.catalogue import Candidate, Catalogue, MetadataInvalid
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.packages.requirements import Want, parse_requirements
from cellblock_sandbox.image.wheel import Wheel

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation

# How many versions of one package are tried: each may cost a download, and older ones are ever less likely to fit.
_DEEPEST: Final = 30
_MAX_ROUNDS: Final = 2_000

Key = tuple[str, frozenset[str]]


@dataclass(frozen=True)
class Resolution:
    """What to add: `wheels`, each after what it needs; and what is used of what is `installed`, by name."""

    wheels: tuple[Wheel, ...]
    installed: Mapping[str, str]


@dataclass(frozen=True)
class _Choice:
    """A candidate with extras of it, or the error that stands in for one."""

    name: str
    extras: frozenset[str]
    candidate: Candidate | None = None
    problem: BuildError | None = None


def resolve(requirements: Iterable[str], catalogue: Catalogue, policy: Policy) -> Resolution:
    """Choose wheels for `requirements` and for all they need.

    Raises `RequirementInvalid`, `PackageDenied`, `PackageUnknown`, `WheelMissing`, `VersionConflict`,
    `IndexUnavailable`, and what reading a wheel raises.
    """
    wants = parse_requirements(requirements, catalogue.target)
    provider = _Provider(catalogue, policy, wants)
    resolver: Resolver[Want, _Choice, Key] = Resolver(provider, BaseReporter())
    try:
        mapping = resolver.resolve(wants, max_rounds=_MAX_ROUNDS).mapping
    except ResolutionImpossible as problem:
        raise _conflict(provider, [cause.requirement for cause in problem.causes]) from None
    except ResolutionTooDeep:
        why = [f"the search was given up after {_MAX_ROUNDS:,} steps"]
        raise VersionConflict("the packages", [("", want.asker) for want in wants], (), why) from None
    for choice in mapping.values():
        if choice.problem is not None:
            raise choice.problem
    return _ordered(provider, mapping.values())


def best(name: str, catalogue: Catalogue, policy: Policy) -> Candidate:
    """Choose what `name` alone would come as, without a look at what it needs.

    Raises as `resolve`; nothing that is raised says that it couldn't be had together with something else.
    """
    wants = parse_requirements([name], catalogue.target)
    provider = _Provider(catalogue, policy, wants)
    choice = next(provider._matches(wants[0].name, frozenset(), wants, set()), None)
    if choice is None or choice.candidate is None:
        raise (choice.problem if choice else None) or _conflict(provider, wants)
    return choice.candidate


class _Provider(AbstractProvider[Want, _Choice, Key]):
    def __init__(self, catalogue: Catalogue, policy: Policy, roots: Sequence[Want]) -> None:
        self.catalogue, self.policy = catalogue, policy
        self._roots = {want.name for want in roots}
        self._dependencies: dict[_Choice, list[Want]] = {}

    def identify(self, requirement_or_candidate: Want | _Choice) -> Key:
        return requirement_or_candidate.name, requirement_or_candidate.extras

    def get_preference(
        self,
        identifier: Key,
        resolutions: Mapping[Key, _Choice],  # noqa: ARG002
        candidates: Mapping[Key, Iterator[_Choice]],  # noqa: ARG002
        information: Mapping[Key, Iterator[RequirementInformation[Want, _Choice]]],
        backtrack_causes: Sequence[RequirementInformation[Want, _Choice]],
    ) -> Any:
        """What failed last comes first, then what leaves least choice; names decide, so that runs are alike."""
        wants = [known.requirement for known in information[identifier]]
        return (
            all(cause.requirement.name != identifier[0] for cause in backtrack_causes),
            not any(want.only is not None or _names_a_version(want.specifier) for want in wants),
            not any(want.specifier for want in wants),
            identifier[0] not in self._roots,
            identifier[0],
            sorted(identifier[1]),
        )

    def find_matches(
        self,
        identifier: Key,
        requirements: Mapping[Key, Iterator[Want]],
        incompatibilities: Mapping[Key, Iterator[_Choice]],
    ) -> Callable[[], Iterator[_Choice]]:
        name, extras = identifier
        wants = [want for key in requirements if key[0] == name for want in requirements[key]]
        wants += [] if identifier in requirements else list(requirements[identifier])
        excluded = {choice.candidate for choice in incompatibilities[identifier]}
        return lambda: self._matches(name, extras, wants, excluded)

    def _matches(
        self, name: str, extras: frozenset[str], wants: Sequence[Want], excluded: set[Candidate | None]
    ) -> Iterator[_Choice]:
        if any(want.refusal for want in wants):
            return
        if problem := self._denied(name, wants):
            yield _Choice(name, extras, problem=problem)
            return
        fitting = (candidate for candidate in self.catalogue.candidates(name) if self.fits(candidate, wants))
        for candidate in islice(fitting, _DEEPEST):
            if candidate not in excluded:
                yield _Choice(name, extras, candidate)
        if next(self.catalogue.candidates(name), None) is None:
            elsewhere = self.catalogue.elsewhere(name)
            preferred = [version for version in elsewhere if all(want.specifier.contains(version) for want in wants)]
            yield _Choice(name, extras, problem=self.catalogue.absent(name, wants[0].needed_by, preferred))

    def _denied(self, name: str, wants: Sequence[Want]) -> PackageDenied | None:
        """Denied is denied, whoever asks; allowed has to be only what is asked for directly and would be added."""
        if name in self.policy.deny:
            return PackageDenied(name, f"{rules.DENY} names it", wants[0].asker)
        asked = next((want for want in wants if not want.needed_by), None)
        if asked is None or self.policy.allow is None or name in self.policy.allow:
            return None
        if any(
            candidate.wheel is None and self.fits(candidate, wants) for candidate in self.catalogue.candidates(name)
        ):
            return None
        return PackageDenied(name, f"{rules.ALLOW} doesn't name it", asked.asker)

    def fits(self, candidate: Candidate, wants: Iterable[Want]) -> bool:
        """Whether a candidate fulfils all of `wants`, the operator's pins, and what its index says of it."""
        wants = list(wants)
        if any(want.refusal or want.only not in (None, candidate) for want in wants):
            return False
        return not self.objection(candidate, self.specifier(candidate.name, wants))

    def specifier(self, name: str, wants: Iterable[Want]) -> SpecifierSet:
        """Return the versions that `wants` and the operator's pins leave."""
        left = self.policy.pins.get(name, SpecifierSet())
        for want in wants:
            left &= want.specifier
        return left

    def objection(self, candidate: Candidate, specifier: SpecifierSet) -> str:
        """Tell why a candidate can't be chosen for `specifier`, "" if it can."""
        if not specifier.contains(candidate.version, prereleases=True):
            return "is another version"
        if candidate.version.is_prerelease and not candidate.chosen_by_us and not specifier.prereleases:
            return "is a pre-release, which has to be asked for by its version"
        if candidate.yanked and not _names_a_version(specifier):
            return "was withdrawn by its publisher (yanked)"
        if not self.catalogue.target.meets(candidate.requires_python):
            return f"needs Python {candidate.requires_python}"
        return ""

    def is_satisfied_by(self, requirement: Want, candidate: _Choice) -> bool:
        return candidate.candidate is None or self.fits(candidate.candidate, [requirement])

    def get_dependencies(self, candidate: _Choice) -> list[Want]:
        if candidate not in self._dependencies:
            self._dependencies[candidate] = list(self._needed(candidate))
        return self._dependencies[candidate]

    def _needed(self, choice: _Choice) -> Iterator[Want]:
        candidate = choice.candidate
        if candidate is None:
            return
        nothing: frozenset[str] = frozenset()
        if choice.extras:
            yield Want(choice.name, nothing, SpecifierSet(), str(candidate), str(candidate), only=candidate)
        try:
            for requirement in self.catalogue.requirements(candidate, choice.extras):
                yield Want.of(requirement, candidate)
        except MetadataInvalid as problem:
            refusal = str(problem)
            yield Want(choice.name, nothing, SpecifierSet(), str(candidate), str(candidate), refusal=refusal)


def _names_a_version(specifier: SpecifierSet) -> bool:
    """Whether exactly one version is asked for, which is how a withdrawn one may be had (PEP 592)."""
    return any(one.operator in ("==", "===") and not one.version.endswith(".*") for one in specifier)


def _conflict(provider: _Provider, causes: Sequence[Want]) -> BuildError:
    """Return the error for wishes that can't be fulfilled together, told of the package where they clash."""
    catalogue = provider.catalogue
    groups: dict[str, list[Want]] = {}
    for want in dict.fromkeys(causes):
        groups.setdefault(want.name, []).append(want)

    def possible(wants: Sequence[Want]) -> bool:
        return any(provider.fits(candidate, wants) for candidate in catalogue.candidates(wants[0].name))

    clashing = [wants for wants in groups.values() if not possible(wants)]
    wants = (clashing or sorted(groups.values(), key=len, reverse=True))[0]
    first = _of_preferred_askers(wants)
    return _explain(provider, wants if possible(first) else first)


def _of_preferred_askers(wants: Sequence[Want]) -> list[Want]:
    """Leave out what older versions of an asker want: the one that was tried first is the one to tell about."""
    versions: dict[str, str] = {}
    for want in wants:
        versions.setdefault(want.asker.partition(" ")[0] if want.needed_by else want.asker, want.asker)
    return [want for want in wants if want.asker in versions.values()]


def _explain(provider: _Provider, wants: Sequence[Want]) -> BuildError:
    """Tell why nothing fulfils `wants`, all of one package: only built for others, or no version fits."""
    catalogue, name = provider.catalogue, wants[0].name
    pinned = provider.policy.pins.get(name, SpecifierSet())
    specifier = provider.specifier(name, wants)
    candidates = list(catalogue.candidates(name))
    matching = [candidate for candidate in candidates if specifier.contains(candidate.version, prereleases=True)]
    versions = [str(version) for version in sorted({candidate.version for candidate in candidates}, reverse=True)]
    refusals = [want.refusal for want in wants if want.refusal]
    if not matching and not refusals:
        foreign = next((version for version in catalogue.elsewhere(name) if specifier.contains(version)), "")
        if foreign:
            return catalogue.missing(name, foreign, [want.needed_by for want in wants], specifier)
    objections = [f"{candidate} {provider.objection(candidate, specifier)}" for candidate in matching[:3]]
    wanted = [(str(want.specifier), want.asker) for want in wants]
    wanted += [(str(pinned), rules.PINS)] if pinned else []
    return VersionConflict(name, wanted, versions, refusals or objections)


def _ordered(provider: _Provider, choices: Iterable[_Choice]) -> Resolution:
    """Put wheels after what they need, deciding by name where nothing else does."""
    chosen: dict[str, Candidate] = {}
    depends: dict[str, set[str]] = {}
    for choice in choices:
        if choice.candidate is not None:
            chosen[choice.name] = choice.candidate
            needed = {want.name for want in provider.get_dependencies(choice)} - {choice.name}
            depends.setdefault(choice.name, set()).update(needed)
    wheels: dict[str, Wheel] = {}
    entered: set[str] = set()

    def visit(name: str) -> None:
        if name in entered:
            return
        entered.add(name)
        for needed in sorted(depends[name]):
            visit(needed)
        wheel = chosen[name].wheel
        if wheel is not None:
            wheels[name] = replace(wheel, depends=tuple(sorted(depends[name])))

    for name in sorted(chosen):
        visit(name)
    used = {name: str(candidate.version) for name, candidate in chosen.items() if candidate.wheel is None}
    return Resolution(tuple(wheels.values()), used)
