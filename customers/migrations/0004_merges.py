"""Merges of customers, and what a customer is called and found by."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

INDEX = "customers_customer_words"


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX {INDEX} ON customers_customer "
            "USING gin (array_to_tsvector(string_to_array(words, ' ')))"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {INDEX}")


def fill(apps, schema_editor):
    from customers.summary import summary

    Customer = apps.get_model("customers", "Customer")
    for customer in Customer.objects.iterator(chunk_size=500):
        proven = customer.identities.filter(ended_at=None).order_by("pk")
        claimed = customer.claims.filter(settled_at=None).order_by("pk")
        facts = summary(customer.name, [*proven, *claimed])
        Customer.objects.filter(pk=customer.pk).update(**facts)


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_whatsapp_users")]

    operations = [
        migrations.AddField("customer", "label", models.CharField(max_length=320, blank=True, editable=False, default=""), preserve_default=False),
        migrations.AddField("customer", "words", models.TextField(blank=True, editable=False, default=""), preserve_default=False),
        migrations.AddField(
            "customer",
            "merged_into",
            models.ForeignKey(
                "customers.Customer",
                null=True,
                blank=True,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
            ),
        ),
        migrations.AddConstraint(
            "customer",
            models.CheckConstraint(
                condition=models.Q(("merged_into", None), models.Q(("merged_into", models.F("id")), _negated=True), _connector="OR"),
                name="a_customer_is_not_merged_into_themselves",
            ),
        ),
        migrations.CreateModel(
            name="CustomerMerge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("moved", models.JSONField()),
                ("by", models.CharField(max_length=254, blank=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(null=True)),
                ("merged", models.ForeignKey("customers.Customer", on_delete=django.db.models.deletion.PROTECT, related_name="merges_away")),
                ("survivor", models.ForeignKey("customers.Customer", on_delete=django.db.models.deletion.PROTECT, related_name="merges")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["merged"], condition=models.Q(("undone_at", None)), name="a_customer_is_merged_once"),
                    models.CheckConstraint(condition=models.Q(("merged", models.F("survivor")), _negated=True), name="a_customer_is_merged_into_another"),
                ]
            },
        ),
        migrations.RunPython(make, drop),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
