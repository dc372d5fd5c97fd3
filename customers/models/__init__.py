from customers.models.consent import Consent
from customers.models.customer import Customer
from customers.models.identity import Claim, Identity, Kind

__all__ = ["Claim", "Consent", "Customer", "Identity", "Kind"]
