from customers.models.consent import Consent
from customers.models.customer import Customer
from customers.models.identity import Claim, Identity, Kind
from customers.models.merge import CustomerMerge

__all__ = ["Claim", "Consent", "Customer", "CustomerMerge", "Identity", "Kind"]
