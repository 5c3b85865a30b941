"""Files for people: the page and the workbook of a report."""
