"""What the gateway refuses, a class for each rule. The class name is the reason that a client sees."""

from libs.common.errors import NotFound, Refused


class VendorNotFound(NotFound):
    message = "There is no vendor {vendor_id}."


class VendorAlreadyRegistered(Refused):
    message = "{uscc} is registered already, as {name} ({kind})."


class VendorTerminated(Refused):
    message = "The vendor was terminated: {reason}."


class VendorNotAccredited(Refused):
    message = "The vendor is {state}, not accredited."


class CertificatesExpired(Refused):
    message = "No certificate of the vendor is valid on {on}."


class OrderNotFound(NotFound):
    message = "There is no order {order_id}."


class OrderNotOffered(Refused):
    message = "The order is {state}, not out on an offer."


class OfferLapsed(Refused):
    message = "The offer could be answered until {respond_by}."


class OrderNotUnplaced(Refused):
    message = "The order is {state}, it does not wait for a vendor."


class CapacityExhausted(Refused):
    message = "Vendor {vendor_id} holds as many orders as it may."


class ConflictOfInterest(Refused):
    message = "Vendor {vendor_id} may not take this order: {conflict}."


class OrderNotAccepted(Refused):
    message = "The order is {state}; it must be accepted, and not started."


class OrderNotUnderWay(Refused):
    message = "The order is {state}; no vendor is working on it."


class OrderPaused(Refused):
    message = "The order is paused since {paused_at}; it is to be resumed first."


class OrderNotPaused(Refused):
    message = "The order is not paused."


class PauseNotOwn(Refused):
    message = "The order was paused by {by}, who ends the pause."


class OrderNotStarted(Refused):
    message = "The order is {state}; nothing can be delivered now."


class OrderNotDelivered(Refused):
    message = "The order is {state}; there is no deliverable to judge."


class OrderAlreadyVerified(Refused):
    message = "The order was verified on {verified_on}; its fee is payable."


class DeliverableDigestWrong(Refused):
    message = "The content has SHA-256 {sha256} and {size_bytes} bytes, not what the deliverable says."


class DeliverableChanged(Refused):
    message = "The deliverable is {sha256} now; check that one."


class SignatureMissing(Refused):
    message = "The vendor registered a signing key, so its deliverables must be signed."


class SignatureInvalid(Refused):
    message = "The signature is not the vendor's over {sha256}."


class PolicyNotKnown(NotFound):
    message = "No policy {policy_id} was bound, as far as this service has heard."


class EntitlementNotPromised(Refused):
    message = "The policy does not promise {code}."


class EntitlementUsedUp(Refused):
    message = "All {quantity} orders of {code} are used."


class CoverEnded(Refused):
    message = "The policy's cover ended: {reason}."
