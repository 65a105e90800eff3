"""`make live`: the book on this machine, with exercises and text that follow every save.

Three processes share the work. This one serves pages (`application`) and watches files
(`watching`). A warm grader (`grading.warm`) answers which checks pass; a warm Sphinx
(`live.builder`) rebuilds pages. Both talk in lines of JSON over pipes, and whichever dies is
started again (`workers`). What they say, and what open pages hear of it, meets in `state`. The
script that makes a page live (`client.js`) is added while serving: the built site does not know.
"""
