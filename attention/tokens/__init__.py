"""What is not text becomes tokens: images, sound, sessions.

Read `patches`, `mel`, `log_mel`, `slaney`, `whisper_frames` and `training_pairs`, in this order.
"""
