from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0007_drafts_and_readings")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="purpose",
            field=models.CharField(default="support", max_length=40),
        ),
    ]
