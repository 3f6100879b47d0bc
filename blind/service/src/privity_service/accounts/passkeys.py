"""Passkeys: what py_webauthn is asked, with every demand spelled out. Source: specs/service-api.md.

User verification is demanded by us: the library's default is not to.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from privity_service.accounts.house import House
from privity_service.accounts.wire import Assertion, Attestation, octets

ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
PLACEHOLDER: Final = "Privity"
"""Where the client puts the label of the passkey picker, which it never sends."""
_MINUTES_MS: Final = 300_000


class PasskeyRefused(Exception):
    """Not a passkey's answer to this challenge; nobody is told why."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A new passkey."""

    credential: bytes
    public_key: bytes
    counter: int


def creation_options(house: House, account: bytes, challenge: bytes, known: Iterable[bytes]) -> dict[str, Any]:
    """What the browser's `create` is called with, as JSON."""
    options = generate_registration_options(
        rp_id=house.rp_id,
        rp_name=PLACEHOLDER,
        user_id=account,
        user_name=PLACEHOLDER,
        user_display_name=PLACEHOLDER,
        challenge=challenge,
        timeout=_MINUTES_MS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    made: dict[str, Any] = json.loads(options_to_json(options))
    return made


def request_options(house: House, challenge: bytes) -> dict[str, Any]:
    """What the browser's `get` is called with, as JSON."""
    options = generate_authentication_options(
        rp_id=house.rp_id,
        challenge=challenge,
        timeout=_MINUTES_MS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    made: dict[str, Any] = json.loads(options_to_json(options))
    return made


def registered(house: House, given: Attestation, challenge: bytes) -> Verified:
    """Verify a new passkey. Raises PasskeyRefused."""
    credential = RegistrationCredential(
        id=given.id,
        raw_id=octets(given.id),
        response=AuthenticatorAttestationResponse(
            client_data_json=octets(given.client_data_json), attestation_object=octets(given.attestation_object)
        ),
    )
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=house.rp_id,
            expected_origin=list(house.origins),
            require_user_presence=True,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except Exception as error:  # the library slices without looking, so hostile bytes raise anything
        raise PasskeyRefused from error
    if verified.credential_id != credential.raw_id:
        raise PasskeyRefused
    return Verified(verified.credential_id, verified.credential_public_key, verified.sign_count)


def asserted(house: House, given: Assertion, challenge: bytes, public_key: bytes, counter: int) -> int:
    """Verify a passkey's signature; return its new counter, which may not fall. Raises PasskeyRefused."""
    credential = AuthenticationCredential(
        id=given.id,
        raw_id=octets(given.id),
        response=AuthenticatorAssertionResponse(
            client_data_json=octets(given.client_data_json),
            authenticator_data=octets(given.authenticator_data),
            signature=octets(given.signature),
            user_handle=octets(given.user_handle),
        ),
    )
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=house.rp_id,
            expected_origin=list(house.origins),
            credential_public_key=public_key,
            credential_current_sign_count=counter,
            require_user_verification=True,
        )
    except Exception as error:  # as above
        raise PasskeyRefused from error
    return verified.new_sign_count
