"""Tips from elsewhere: a WordPress export, or a folder of Markdown files, becomes drafts."""
